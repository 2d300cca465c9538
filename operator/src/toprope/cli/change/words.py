"""A change in words, for people and for machines."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from toprope.cli.change.change import Change, Child, Release, SpecField, Turn
from toprope.cli.change.fields import NOTHING
from toprope.cli.change.rolling import Rolling
from toprope.cli.rollout.words import stands
from toprope.core.names import RECONCILE
from toprope.core.objects import annotations_of
from toprope.delivery.machine.moved import span
from toprope.delivery.machine.weights import percent

SHOWN = 6
"""Fields of one child that a person reads."""
_LONGEST = 40
_ALL = "all requests as soon as it is ready"


def as_text(change: Change, rolling: Rolling | None) -> Iterator[str]:
    """Line by line."""
    yield f"Release: {_release(change)}"
    yield from (f"  {_field(one)}" for one in change.fields)
    if change.reading and not change.fields:
        yield "  The spec is as it lives."
    if rolling:
        yield from _rolling(change, rolling)
    if change.reading and annotations_of(change.reading.live).get(RECONCILE) == "disabled":
        yield f"Nothing of it is done as long as the annotation {RECONCILE}: disabled is there."
    yield "Children, once its release is stable:" if change.reading else "Children:"
    yield from (f"  {line}" for line in _children(change.children))
    if change.unread:
        yield f"Not known, for they may not be listed: {', '.join(change.unread)}."
    if change.reading:
        yield "Secrets are not read: they are taken to be there, with what is asked of them."


def _release(change: Change) -> str:
    name, one = change.wanted, change.reading
    if one is None or change.release is Release.FIRST:
        return f"revision {name} is the first: there is nothing to roll over from."
    stable, candidate = one.revision.stable, one.candidate
    instead = f", in place of candidate {candidate} ({stands(one)})" if candidate else ""
    return {
        Release.SAME: f"unchanged. Revision {name} serves; what differs takes effect at once.",
        Release.BACK: f"back to stable {name}: candidate {candidate} ({stands(one)}) is taken back.",
        Release.UNDER_WAY: f"unchanged. Revision {name} is on its way ({stands(one)}).",
        Release.FAILED: f"unchanged. Revision {name} has failed; nothing new starts. toprope retry tries it again.",
        Release.KNOWN: f"revision {name}, which served before, comes back beside stable {stable}{instead}.",
        Release.NEW: f"new revision {name}, beside stable {stable}{instead}.",
    }[change.release]


def _field(one: SpecField) -> str:
    effect = "makes the new revision" if one.is_release else "live, at once"
    return f"{one.field.path}: {_short(one.field.before)} → {_short(one.field.after)} ({effect})"


def _short(value: Any) -> str:
    text = "not set" if value is NOTHING else json.dumps(value)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _rolling(change: Change, told: Rolling) -> Iterator[str]:
    if change.release is Release.KNOWN:
        yield f"Rollout: {_ALL}, without steps: it served before. It does not wait for an error budget either."
        return
    yield f"Rollout: {told.strategy}: {_way(told)}."
    if told.held:
        yield f"  No further by itself, toprope unfreeze or promote decides: {told.held}"
    if told.judges:
        yield f"  Judged by {', '.join(told.judges)}: one that burns its budget {told.burn} times too fast is bad."
    else:
        yield "  No SLO judges it: time and facts decide."
    yield f"  {_frozen(told)}"


def _way(told: Rolling) -> str:
    policy, ready = told.policy, f"It has {span(told.policy.ready_within)} to get ready"
    bake = f", and a bake of {span(policy.bake)}" if policy.bake else ", and no bake"
    steps = ", ".join(f"{percent(weight)} for {span(hold)}" for weight, hold in told.steps)
    if not policy.steps:
        return f"{f'{policy.probes} probes, then ' if policy.probes else ''}{_ALL}{bake}. {ready}"
    if told.held:
        return f"{steps or 'no share at all'}. {ready}"
    return f"{steps}, then all requests{bake}. {ready}"


def _frozen(told: Rolling) -> str:
    if not told.spent:
        return "No error budget is known to be spent."
    named = ", ".join(told.spent)
    if not told.freezes:
        return f"The error budget of {named} is spent; freeze: Never holds nobody."
    return f"It waits before it begins: the error budget of {named} is spent. toprope unfreeze lets it go on."


def _children(children: Sequence[Child]) -> Iterator[str]:
    for turn in (Turn.CREATED, Turn.CHANGED, Turn.REMOVED):
        yield from (_child(one) for one in children if one.turn is turn)
    if same := sum(one.turn is Turn.UNCHANGED for one in children):
        yield f"{same} unchanged"


def _child(one: Child) -> str:
    more = f" and {len(one.fields) - SHOWN} more" if len(one.fields) > SHOWN else ""
    fields = f": {', '.join(one.fields[:SHOWN])}{more}" if one.fields else ""
    return f"{one.turn:<8} {one.ref.resource.kind} {one.ref.name}{fields}"


def as_json(change: Change, rolling: Rolling | None) -> dict[str, Any]:
    """Spans in seconds; a field that is not set is null."""
    one = change.reading
    return {
        "comparedWith": "live" if one else "nothing",
        "release": {
            "change": change.release,
            "revision": change.wanted,
            "stable": one.revision.stable if one else None,
            "candidate": one.candidate if one else None,
        },
        "fields": [
            {
                "path": each.field.path,
                "before": None if each.field.before is NOTHING else each.field.before,
                "after": None if each.field.after is NOTHING else each.field.after,
                "makesRevision": each.is_release,
            }
            for each in change.fields
        ],
        "rollout": _rolling_json(rolling) if rolling and change.release is Release.NEW else None,
        "children": [
            {"kind": each.ref.resource.kind, "name": each.ref.name, "change": each.turn, "fields": list(each.fields)}
            for each in change.children
        ],
        "notListed": list(change.unread),
    }


def _rolling_json(told: Rolling) -> dict[str, Any]:
    return {
        "strategy": told.strategy,
        "steps": [{"weight": percent(weight), "holdSeconds": hold.total_seconds()} for weight, hold in told.steps],
        "probes": told.policy.probes,
        "heldBecause": told.held or None,
        "judges": list(told.judges),
        "bakeSeconds": told.policy.bake.total_seconds(),
        "frozenBy": list(told.spent) if told.freezes else [],
    }
