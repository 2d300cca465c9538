"""What a pass decides: the only values that cross from pure code to I/O."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

from toprope.core.conditions import Condition
from toprope.core.objects import Manifest, Ref


@dataclass(frozen=True, slots=True)
class Apply:
    """Make this object exist exactly so (server-side apply)."""

    manifest: Manifest
    serves: bool = True
    """Whether what serves stands on it: refused, it makes the resource not ready; else only what is under way waits."""
    first: bool = False
    """Whether it takes requests away from where they fail: it stands on nothing, and waits for nothing."""


@dataclass(frozen=True, slots=True)
class CreateOnce:
    """Make this object exist once (POST); if it is there, it stays as it is, and the pass starts anew with it."""

    manifest: Manifest
    generate: tuple[str, ...] = ()
    """Keys of a Secret that get fresh random text at creation, behind what `stringData` says of them.
    Random is no business of pure code.
    """


@dataclass(frozen=True, slots=True)
class Amend:
    """Change fields of an object that was made by `CreateOnce` (merge patch, tested against what was seen)."""

    ref: Ref
    patch: Mapping[str, Any]
    resource_version: str
    generate: tuple[str, ...] = ()
    """As in `CreateOnce`, in the same write."""
    refusable: bool = False
    """Whether the API server may say no: the pass goes on, and the next look finds the object as it was."""


@dataclass(frozen=True, slots=True)
class Delete:
    """Make this object not exist; its absence is success, another object of that name is not touched."""

    ref: Ref
    uid: str


@dataclass(frozen=True, slots=True)
class Tell:
    """Say it once as an Event; repeats are dropped."""

    reason: str
    message: str
    type: Literal["Normal", "Warning"] = "Normal"
    once: str = ""
    """What it tells of, where the words alone do not say: with the same reason it is said once, in whatever words."""


Action = CreateOnce | Amend | Apply | Delete | Tell


@dataclass(frozen=True, slots=True)
class Decision:
    """The outcome of one pass.

    The engine does the actions kind by kind, in this order: Applies that are `first`, CreateOnce, Amend, other Applies,
    Delete, Tell; then it writes the status. So what must be in the status before it may happen is decided from the
    status as it was read.
    A pass may be killed between any two writes: each decision must lead on from every half-done one before it.
    """

    status: Mapping[str, Any]
    """The kind's own fields, without `conditions` and `observedGeneration`."""
    conditions: Sequence[Condition]
    actions: Sequence[Action]
    again: timedelta
    """When to look again if nobody rings. Always finite: a lost watch event is made good by it."""
