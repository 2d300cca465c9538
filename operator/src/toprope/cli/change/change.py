"""What would change: the release or only what is live, how the release would be rolled out, and each child."""

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from pydantic import ValidationError

from toprope.cli.change.ends import End, ends, first_end, name_of
from toprope.cli.change.fields import NOTHING, Field, differing, wanted
from toprope.cli.change.lived import Lived
from toprope.cli.rollout.reading import Reading, reading
from toprope.core.objects import Manifest, Ref, ref_of
from toprope.core.resource import Resource
from toprope.delivery.machine.rollout import Phase
from toprope.kind import Kind


class Release(StrEnum):
    """What becomes of the release."""

    FIRST = "First"
    NEW = "New"
    KNOWN = "ServedBefore"
    BACK = "BackToStable"
    UNDER_WAY = "UnderWay"
    FAILED = "FailedBefore"
    SAME = "Unchanged"


class Turn(StrEnum):
    """What becomes of a child."""

    CREATED = "created"
    CHANGED = "changed"
    REMOVED = "removed"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True)
class SpecField:
    """A field of the spec that differs."""

    field: Field
    is_release: bool
    """Whether it makes a new revision; else it takes effect at once."""


@dataclass(frozen=True, slots=True)
class Child:
    """One child, in the end."""

    ref: Ref
    turn: Turn
    fields: Sequence[str] = ()
    """Those that differ, by path."""


@dataclass(frozen=True, slots=True)
class Change:
    """All of it."""

    wanted: str
    """The revision of the file's spec."""
    release: Release
    reading: Reading | None
    """The resource as it lives; None for one that is not there."""
    fields: Sequence[SpecField]
    children: Sequence[Child]
    unread: Sequence[str] = ()
    """Collections of which nothing is said: they may not be read."""

    @property
    def starts(self) -> bool:
        """Whether a rollout begins."""
        return self.release in (Release.NEW, Release.KNOWN)


async def of_new(kind: Kind, resource: Resource) -> Change:
    """Of a resource that is not there yet."""
    end = await first_end(kind, resource)
    return Change(end.stable, Release.FIRST, None, (), [Child(ref, Turn.CREATED) for ref in end.written])


async def of_living(kind: Kind, there: Lived, resource: Resource) -> Change:
    """Of one that lives."""
    before, after = await ends(kind, there, resource)
    one, name = reading(kind, there.live), await name_of(kind, resource)
    unread = {each.kind for each in there.unread}
    children = [child for child in _children(there.children, before, after) if child.ref.resource.kind not in unread]
    fields = [field async for field in _fields(kind, before.resource, resource)]
    told = sorted(each.plural for each in there.unread)
    return Change(name, _release(one, name), one, fields, children, told)


def _release(one: Reading, name: str) -> Release:
    stable, candidate = one.revision.stable, one.candidate
    if stable is None:
        return Release.FIRST
    if name == candidate:
        return Release.FAILED if one.phase == Phase.FAILED else Release.UNDER_WAY
    if name == stable:
        return Release.BACK if candidate else Release.SAME
    return Release.KNOWN if name in (one.revision.served or ()) else Release.NEW


async def _fields(kind: Kind, before: Resource, after: Resource) -> AsyncIterator[SpecField]:
    """Each by itself decides whether it makes a new revision."""
    old, new = (each.spec.model_dump(mode="json", by_alias=True, exclude_none=True) for each in (before, after))
    stable = await name_of(kind, before)
    for key in dict.fromkeys([*old, *new]):
        if found := list(differing(old.get(key, NOTHING), new.get(key, NOTHING), f"spec.{key}")):
            is_release = await _makes_another(kind, before, {**old, key: new.get(key)}, stable)
            for field in found:
                yield SpecField(field, is_release)


async def _makes_another(kind: Kind, before: Resource, spec: Mapping[str, Any], stable: str) -> bool:
    """Two fields that are only valid together, as an image in place of a version, are those of a release."""
    given = {key: value for key, value in spec.items() if value is not None}
    try:
        changed = replace(before, spec=kind.spec.model_validate(given))
    except ValidationError:
        return True
    return await name_of(kind, changed) != stable


def _children(there: Sequence[Manifest], before: End, after: End) -> Iterator[Child]:
    living = {ref_of(child): child for child in there}
    for ref, live in living.items():
        if not after.has(ref):
            yield Child(ref, Turn.REMOVED)
        elif fields := [field.path for field in _differing(ref, live, before, after)]:
            yield Child(ref, Turn.CHANGED, fields)
        else:
            yield Child(ref, Turn.UNCHANGED)
    # What the operator makes all the same is no business of the file's.
    yield from (Child(ref, Turn.CREATED) for ref in after.written if ref not in living and not before.has(ref))


def _differing(ref: Ref, live: Manifest, before: End, after: End) -> Iterator[Field]:
    if ref in after.written and ref in before.written:
        return differing(before.written[ref], after.written[ref])
    if ref in after.written:
        return wanted(after.written[ref], live)
    return iter(())
