"""A revision is named by a hash of the release, so that the same release is the same revision for ever."""

import json
from collections.abc import Mapping
from typing import Any

from toprope.core.model import SpecModel
from toprope.core.names import short_hash


def revision_of(release: Mapping[str, SpecModel | str | None]) -> str:
    """The hash of a release's named parts.

    Fields equal to their default are left out, so that a field added later moves no revision; the order of fields does
    not count; a part that is None or holds nothing but defaults counts as absent. Nothing of the operator goes in.
    """
    parts = {name: _plain(part) for name, part in release.items()}
    told = {name: part for name, part in parts.items() if part not in (None, {}, [], "")}
    return short_hash(json.dumps(told, sort_keys=True, separators=(",", ":"), ensure_ascii=False))


def _plain(part: SpecModel | str | None) -> Any:
    if isinstance(part, SpecModel):
        return part.model_dump(mode="json", by_alias=True, exclude_defaults=True, exclude_none=True)
    return part
