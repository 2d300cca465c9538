"""Puts the status together: the kind's fields, its conditions, and the engine's own word on whether all was done."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from toprope.core.conditions import Condition, merged
from toprope.core.errors import Refused, TopropeError
from toprope.core.objects import Manifest, Ref
from toprope.engine.events import PROGRESSING, RECONCILED

READY = "Ready"
DISABLED = Condition(
    RECONCILED,
    "False",
    "ReconcileDisabled",
    "The annotation toprope.dev/reconcile: disabled leaves everything as it is. Remove it to go on.",
)
OUTDATED_SCHEMA = Condition(
    RECONCILED,
    "False",
    "SchemaOutdated",
    "The CustomResourceDefinition in the cluster is older than this operator, and does not keep all that it says here. "
    "Apply the one that came with it: kubectl apply --server-side -f crds/",
)
DONE = Condition(RECONCILED, "True", "AllApplied", "Everything is as decided.")


def contested(ref: Ref) -> Condition:
    """Reconciled, while somebody pulls the other way."""
    told = (
        f"Somebody changes or removes {ref} as often as Toprope puts it right; Toprope does it less often meanwhile. "
        f"To find out who: kubectl -n {ref.namespace} get {ref.resource.qualified} {ref.name} -o yaml "
        f"--show-managed-fields. Stop them, or Toprope with the annotation toprope.dev/reconcile: disabled."
    )
    return Condition(RECONCILED, "False", "ChildContested", told)


def resisting(ref: Ref) -> Condition:
    """Reconciled, while a child is more than was decided."""
    told = (
        f"Somebody added to {ref} what Toprope's apply cannot take away. To see who and what: kubectl -n "
        f"{ref.namespace} get {ref.resource.qualified} {ref.name} -o yaml --show-managed-fields. Take it out again, or "
        f"delete the object: Toprope makes it anew."
    )
    return Condition(RECONCILED, "False", "ChildContested", told)


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


def says(manifest: Manifest, condition: Condition) -> bool:
    """Whether the object's status holds the condition with this reason."""
    return any((one["type"], one["reason"]) == (condition.type, condition.reason) for one in conditions_of(manifest))


def fields_of(manifest: Manifest) -> dict[str, Any]:
    """The kind's own fields of a status."""
    status = manifest.get("status") or {}
    return {key: value for key, value in status.items() if key not in ("observedGeneration", "conditions")}


def with_success(facts: Sequence[Condition], done: Condition) -> list[Condition]:
    """The kind's facts, and what was done, unless the kind itself decided to leave everything as it is."""
    return [*facts, *([] if any(fact.type == RECONCILED for fact in facts) else [done])]


def with_trouble(facts: Sequence[Condition], error: TopropeError, *, serves: bool) -> list[Condition]:
    """The kind's facts, overruled by what went wrong. Where what serves stands on it the resource is not ready,
    whatever runs; else what is under way says what it waits for.
    """
    trouble = trouble_of(error) if serves else [_told(error), *_waiting(facts, error)]
    stated = {fact.type for fact in trouble}
    return [*(fact for fact in facts if fact.type not in stated), *trouble]


def _waiting(facts: Sequence[Condition], error: TopropeError) -> Iterator[Condition]:
    for fact in facts:
        if fact.type == PROGRESSING and fact.status == "True":
            yield Condition(PROGRESSING, "True", error.reason, str(error))


def trouble_of(error: TopropeError) -> list[Condition]:
    """What an error says of the resource."""
    if isinstance(error, Refused) or error.reason == "InvalidSpec":
        return [Condition(READY, "False", error.reason, str(error)), _told(error)]
    return [_told(error)]


def _told(error: TopropeError) -> Condition:
    return Condition(RECONCILED, "False", error.reason, str(error))
