"""Slugs: what one looks like, which nobody gets, and how one is made up."""

import re
import secrets
import string
from collections.abc import Callable

from toprope_kit.problem import Unprocessable

PATTERN = r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$"
LETTERS = string.ascii_letters + string.digits

_shape = re.compile(PATTERN.strip("^$"))  # Python's $ would take a line break, too


def is_slug(text: str) -> bool:
    """Whether a link could have this slug; everything else needs no look into any store."""
    return _shape.fullmatch(text) is not None


def generated(length: int, reserved: frozenset[str], choose: Callable[[str], str] = secrets.choice) -> str:
    """A slug that nobody can guess from the one before, and that is not reserved (in any case)."""
    while True:
        slug = "".join(choose(LETTERS) for _ in range(length))
        if slug.lower() not in reserved:
            return slug


def checked(slug: str, reserved: frozenset[str]) -> str:
    """The custom slug itself; Unprocessable when it is reserved (in any case)."""
    if slug.lower() in reserved:
        raise Unprocessable(f"The slug {slug} is reserved; choose another one.", field="body.slug")
    return slug
