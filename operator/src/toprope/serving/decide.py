"""What should be, from what was read: the parts, the revisions and their traffic, and what a person reads of it.

What may only happen after something stands in the status is decided from the status as it was read: traffic after the
verdict that moves it, the end of a revision after the word that ends it.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from toprope.core.conditions import Condition
from toprope.core.decision import Action, Apply, CreateOnce, Decision
from toprope.core.names import REVISION
from toprope.core.objects import Manifest, labels_of, ref_of
from toprope.core.prune import pruned
from toprope.core.resource import Resource
from toprope.delivery.history import recorded
from toprope.delivery.machine.moved import gone_at, is_shared, late_at, lives, rest_ends
from toprope.delivery.tells import tells
from toprope.serving import data, health, jobs, rollout, spending
from toprope.serving.health import Look
from toprope.serving.plan import Plan, planned
from toprope.serving.preparation import known
from toprope.serving.probing import is_probed
from toprope.serving.reasons import Fact, Reason, asks_for_pods
from toprope.serving.render.network_policies import network_policies, of_probes
from toprope.serving.render.pod_disruption_budget import pod_disruption_budget
from toprope.serving.render.service_account import service_account
from toprope.serving.revisions import outdated, remembered
from toprope.serving.seen import Seen
from toprope.serving.sharing import coarse
from toprope.serving.slos import monitoring
from toprope.serving.status import ReplicasStatus, ServedStatus
from toprope.serving.timing import PROBING, next_look, step_due
from toprope.serving.troubles import ready_pods
from toprope.serving.web import Release, doors, left_alone, lived_by, of_release, url
from toprope.serving.workload import workload_of
from toprope.slo.health import Health
from toprope.slo.status import least_budget

RENDER_OUTDATED = "RenderOutdated"


def decide(resource: Resource, seen: Seen, now: datetime) -> Decision:
    """The outcome of one pass."""
    look = Look(resource, seen, now)
    fact = data.lost(resource, seen)
    plan = planned(look, is_lost=fact is not None)
    if fact:
        return _untouched(plan, fact)
    stated = _conditions(plan)
    return Decision(
        _fields(_status(plan)),
        stated,
        _actions(plan),
        next_look(stated, resource.status.conditions, _dues(plan, stated), now),
    )


def _untouched(plan: Plan, fact: Fact) -> Decision:
    """Nothing is written and nothing pruned: what runs may be all that still knows the passwords. But a candidate loses
    its requests as ever."""
    look, slos = plan.look, plan.slos
    is_taken = plan.takes_back and is_shared(plan.before)
    told = tells(plan.before, plan.after, look.resource.resource_version) if is_taken else ()
    stated = [fact.false(health.READY), fact.false(data.DATA_PRESENT), fact.false(data.RECONCILED), *slos.conditions]
    return Decision(
        _fields(look.resource.status.model_copy(update=_budgets(slos) | (_rollout(plan) if is_taken else {}))),
        stated,
        (*(Apply(one, first=True) for one in (_doors(plan) if plan.falls else ())), *slos.tells, *told),
        next_look(stated, look.resource.status.conditions, [slos.due, _step_due(plan)], look.now),
    )


def _fields(status: ServedStatus) -> dict[str, Any]:
    """What the kind itself says: the rest of a status is the engine's."""
    dumped = status.dump()
    return {name: value for name, value in dumped.items() if name not in ("conditions", "observedGeneration")}


def _step_due(plan: Plan) -> datetime | None:
    return step_due(plan.before, plan.policy, plan.look.now)


def _actions(plan: Plan) -> Sequence[Action]:
    resource, seen = plan.look.resource, plan.look.seen
    born = [release.revision for release in plan.releases.values() if release.revision]
    creates: list[CreateOnce] = [
        *data.births(resource, seen),
        *plan.parts.births,
        *(one for revision in born for one in revision.birth),
    ]
    wanted, watches = _children(plan), monitoring(resource, plan.watched)
    kept = [
        *wanted,
        *watches,
        *plan.parts.kept,
        *left_alone(seen, list(plan.releases.values())),
        *lived_by(plan.look),
        *remembered(resource, seen, plan.releases),
        *plan.rotation.kept,
    ]
    amends = [*plan.growth.actions, *plan.rotation.actions]
    serves = (None, plan.answering.name)
    first = [ref_of(one) for one in _doors(plan)] if plan.falls else []
    applies = [Apply(one, labels_of(one).get(REVISION) in serves, first=ref_of(one) in first) for one in wanted]
    applies += [Apply(one, serves=False) for one in watches]
    told = [*plan.slos.tells, *tells(plan.before, plan.after, resource.resource_version)]
    return [*creates, *amends, *applies, *told, *pruned(resource, seen.children.values(), kept)]


def _children(plan: Plan) -> list[Manifest]:
    """All children of today that are applied, in the order in which they are of use."""
    look, resource = plan.look, plan.look.resource
    budget = pod_disruption_budget(resource)
    return [
        service_account(resource),
        *plan.parts.manifests,
        *workload_of(resource).live(resource),
        *(child for one in plan.releases.values() for child in of_release(look, one, held=_is_held(plan, one))),
        *_doors(plan),
        *network_policies(resource, plan.needs),
        *([of_probes(resource, plan.wanted, str(plan.after.stable))] if is_probed(plan.after) else []),
        *([budget] if budget else []),
    ]


def _doors(plan: Plan) -> list[Manifest]:
    marked = rollout.mark(plan.after)
    candidate, back = lives(plan.after), plan.takes_back
    return doors(plan.look, plan.shares, plan.selected, candidate, takes_back=back, mark=marked)


def _is_held(plan: Plan, release: Release) -> bool:
    """A candidate's preparation has to spare stable alone: who retires has gone by then."""
    if release.name == plan.after.candidate and plan.before.retiring not in (None, release.name):
        return True
    return plan.rotation.switches or health.secret_missing(plan.look, release.needs) is not None


def _conditions(plan: Plan) -> list[Condition]:
    look, serving = plan.look, plan.serving
    stated = health.conditions(look, plan.answering.preparation, plan.answering.needs)
    stated.insert(1, rollout.progressing(look, plan.after, plan.obstacle, stated[0]))
    stated.append(data.presence(look.resource, look.seen))
    if fact := plan.growth.fact:
        grows = fact.reason == Reason.STORAGE_GROWING
        stated.append(fact.not_yet(data.STORAGE_GROWN) if grows else fact.false(data.STORAGE_GROWN))
    if plan.rotation.condition:
        stated.append(plan.rotation.condition)
    if serving.revision and (late := outdated(look.resource, serving.revision, plan.wanted)):
        stated.append(late.true(RENDER_OUTDATED))
    return [*stated, *plan.slos.conditions]


def _status(plan: Plan) -> ServedStatus:
    look, serving = plan.look, plan.serving
    live = health.deployment_of(look, serving.name)
    fields: dict[str, Any] = {
        "url": url(look.resource),
        "version": serving.revision.version if serving.revision else look.resource.status.version,
        **_rollout(plan),
        "replicas": ReplicasStatus(ready=ready_pods(live), wanted=int((live or {}).get("spec", {}).get("replicas", 0))),
        workload_of(look.resource).preparing.field: _prepared(plan),
        "growth": plan.growth.status,
        "credentials": plan.rotation.status,
        **_budgets(plan.slos),
    }
    status: ServedStatus = type(look.resource.status)(**fields)
    return status


def _rollout(plan: Plan) -> dict[str, Any]:
    look, before, after = plan.look, plan.before, plan.after
    budget, note = spending.budget_status(look, before, after, plan.paid), coarse(after, plan.policy, plan.scale)
    return {
        "revision": rollout.revision_status(after),
        "rollout": rollout.rollout_status(after, plan.found, note, budget, plan.capacity),
        "history": recorded(look.resource.status.history, before, after, plan.found, look.now),
    }


def _budgets(slos: Health) -> dict[str, Any]:
    return {"slos": list(slos.statuses), "budget": least_budget(slos.statuses)}


def _prepared(plan: Plan) -> list[Any]:
    """Of the living revisions and of those that may come back; what nobody remembers is forgotten."""
    living = [release.preparation.after for release in plan.releases.values()]
    records = remembered(plan.look.resource, plan.look.seen, plan.releases)
    past = {labels_of(record).get(REVISION) for record in records}
    before = known(plan.look.resource, plan.look.seen)
    return [*living, *(one for one in before if one.revision in past)]


def _dues(plan: Plan, stated: Sequence[Condition]) -> list[datetime | None]:
    now = plan.look.now
    retries = [_retry(release) for release in plan.releases.values()]
    said = {condition.reason for condition in plan.look.resource.status.conditions}
    # Pods are looked at once the status says that something is not well.
    closer = now if asks_for_pods(condition.reason for condition in stated) and not asks_for_pods(said) else None
    late = late_at(plan.after, plan.policy) if plan.waits else None
    probed = now + PROBING if is_probed(plan.after) else None
    return [
        *retries,
        rest_ends(plan.after),
        late,
        gone_at(plan.after),
        closer,
        step_due(plan.after, plan.policy, now),
        probed,
        plan.rotation.due,
        plan.slos.due,
    ]


def _retry(release: Release) -> datetime | None:
    """A Job of a revision without a record stays as it is."""
    preparation = release.preparation
    return None if preparation.done or release.revision is None else jobs.next_try(preparation.after, preparation.job)
