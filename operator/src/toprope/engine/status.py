"""Puts the status together: the kind's fields, its conditions, and the engine's own word on whether all was done."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from toprope.core.conditions import Condition, merged
from toprope.core.errors import Refused, TopropeError
from toprope.core.objects import Manifest
from toprope.engine.events import RECONCILED

READY = "Ready"
DISABLED = Condition(
    RECONCILED,
    "False",
    "ReconcileDisabled",
    "The annotation toprope.dev/reconcile: disabled leaves everything as it is. Remove it to go on.",
)
DONE = Condition(RECONCILED, "True", "AllApplied", "Everything is as decided.")


def conditions_of(manifest: Manifest) -> Sequence[Mapping[str, Any]]:
    """The conditions that an object states."""
    stated: Sequence[Mapping[str, Any]] = (manifest.get("status") or {}).get("conditions") or ()
    return stated


def composed(
    manifest: Manifest, fields: Mapping[str, Any], facts: Iterable[Condition], now: datetime
) -> dict[str, Any]:
    """The whole status, as of the object's generation."""
    generation = manifest["metadata"]["generation"]
    return {
        "observedGeneration": generation,
        **fields,
        "conditions": merged(conditions_of(manifest), facts, generation, now),
    }


def annotated(manifest: Manifest, facts: Sequence[Condition], now: datetime) -> dict[str, Any]:
    """The status that is there, with nothing but `facts` stated anew: for a pass that could not look at the rest."""
    before = conditions_of(manifest)
    generation = manifest["metadata"]["generation"]
    anew = {fact["type"]: fact for fact in merged(before, facts, generation, now)}
    kept = [condition for condition in before if condition["type"] not in anew]
    return {**(manifest.get("status") or {}), "conditions": [*kept, *anew.values()]}


def fields_of(manifest: Manifest) -> dict[str, Any]:
    """The kind's own fields of a status."""
    status = manifest.get("status") or {}
    return {key: value for key, value in status.items() if key not in ("observedGeneration", "conditions")}


def with_success(facts: Sequence[Condition]) -> list[Condition]:
    """The kind's facts, and that all was done, unless the kind itself decided to leave everything as it is."""
    return [*facts, *([] if any(fact.type == RECONCILED for fact in facts) else [DONE])]


def with_trouble(facts: Sequence[Condition], error: TopropeError) -> list[Condition]:
    """The kind's facts, overruled by what went wrong: a refusal makes the resource not ready, whatever runs."""
    trouble = trouble_of(error)
    stated = {fact.type for fact in trouble}
    return [*(fact for fact in facts if fact.type not in stated), *trouble]


def trouble_of(error: TopropeError) -> list[Condition]:
    """What an error says of the resource."""
    told = Condition(RECONCILED, "False", error.reason, str(error))
    if isinstance(error, Refused) or error.reason == "InvalidSpec":
        return [Condition(READY, "False", error.reason, str(error)), told]
    return [told]
