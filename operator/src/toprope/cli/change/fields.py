"""Which fields differ between two JSON-like values."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

NOTHING: Any = object()
"""Where a field is not there."""


@dataclass(frozen=True, slots=True)
class Field:
    """One of them."""

    path: str
    before: Any
    after: Any


def differing(before: Any, after: Any, path: str = "") -> Iterator[Field]:
    """From the outside in; whole lists and maps where one side has nothing there."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in dict.fromkeys([*before, *after]):
            yield from differing(before.get(key, NOTHING), after.get(key, NOTHING), _within(path, key))
    elif _are_lists(before, after):
        for index in range(max(len(before), len(after))):
            one, other = (each[index] if index < len(each) else NOTHING for each in (before, after))
            yield from differing(one, other, f"{path}[{index}]")
    elif before is not after and before != after:
        yield Field(path, before, after)


def wanted(rendered: Any, live: Any, path: str = "") -> Iterator[Field]:
    """Those of `rendered` that `live` has otherwise; what others added to it is no difference."""
    if isinstance(rendered, Mapping) and isinstance(live, Mapping):
        for key, value in rendered.items():
            yield from wanted(value, live.get(key, NOTHING), _within(path, key))
    elif _are_lists(rendered, live) and len(rendered) == len(live):
        for index, value in enumerate(rendered):
            yield from wanted(value, live[index], f"{path}[{index}]")
    elif rendered != live and not (live is NOTHING and rendered in ([], ())):
        yield Field(path, live, rendered)


def _within(path: str, key: str) -> str:
    if key.replace("_", "").isalnum():
        return f"{path}.{key}" if path else key
    return f"{path}[{key}]"


def _are_lists(*values: Any) -> bool:
    return all(isinstance(value, Sequence) and not isinstance(value, str) for value in values)
