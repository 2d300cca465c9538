"""What a pass does when the API server does not take something, told on paper."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.support.passes import LINKS, Passes
from tests.support.shorteners import ROUTE
from toprope.core.names import COMPONENT, DATA, MANAGED_BY, OWNER_KIND, OWNER_NAME, REVISION
from toprope.core.objects import CLAIM, CONTROLLER_REVISION, HTTP_ROUTE, JOB, SECRET, SERVICE, Ref
from toprope.engine.one_pass import HICCUPS, Result, one_pass
from toprope.engine.parting import part
from toprope.engine.pause import CONFLICTS_IN_A_ROW, Streak, pause_after
from toprope.engine.tug import AT_ONCE, CALM, FIRST_BREATH
from toprope.kinds.shortenerapp.kind import SHORTENER_APP

TRAFFIC = {"traffic": {"gateway": {"name": "public", "namespace": "infra"}, "hostnames": ["s.example.com"]}}


async def test_an_event_that_meets_a_hiccup_keeps_no_status_from_being_written() -> None:
    passes = Passes()
    passes.cluster.throttled_events = True
    await passes.serving()
    assert passes.states()["Ready"] == ("True", "Serving")


async def test_an_event_that_meets_a_hiccup_keeps_no_resource_from_going() -> None:
    passes = await Passes().serving()
    passes.cluster.throttled_events = True
    passes.change(LINKS, {"metadata": {"deletionTimestamp": "2026-01-01T02:00:00Z"}})
    assert await part(SHORTENER_APP, LINKS, passes.world)
    assert passes.cluster.objects[LINKS]["metadata"]["finalizers"] == []


async def test_a_refused_child_keeps_no_failed_migration_from_its_next_try() -> None:
    passes = Passes(TRAFFIC)
    passes.cluster.refused["HTTPRoute"] = "ApiMissing"
    passes.cluster.failing_jobs = True
    jobs = set()
    for _ in range(8):
        outcome = await passes.once()
        jobs |= {one["metadata"]["uid"] for ref, one in passes.cluster.objects.items() if ref.resource == JOB}
        passes.moment += timedelta(minutes=1)
    assert outcome.result is Result.REFUSED
    assert len(jobs) > 2


async def test_a_pass_with_a_refused_child_goes_on_with_the_rest() -> None:
    passes = await Passes(TRAFFIC).serving()
    passes.cluster.refused["HTTPRoute"] = "ApiMissing"
    passes.change(Ref(HTTP_ROUTE, "default", ROUTE), {"spec": {"hostnames": None}})
    passes.wants({**TRAFFIC, "settings": {"slugLength": 9}})
    outcome = await passes.once()
    assert (outcome.result, outcome.again) == (Result.REFUSED, timedelta(0))  # the status has a candidate now


async def test_what_is_replaced_stays_while_its_successor_is_refused() -> None:
    passes = await Passes(TRAFFIC).serving()
    passes.wants({})
    passes.cluster.refused["Service"] = "Invalid"
    passes.change(Ref(SERVICE, "default", "links-web"), {"spec": {"selector": None}})
    assert (await passes.once()).result is Result.REFUSED
    assert Ref(HTTP_ROUTE, "default", ROUTE) in passes.cluster.objects


async def test_a_refused_child_of_a_candidate_leaves_what_serves_ready() -> None:
    passes = await Passes().serving()
    passes.wants({"settings": {"slugLength": 9}})
    passes.cluster.refused["Deployment"] = "Invalid"
    await passes.for_a_minute()
    assert passes.states()["Ready"] == ("True", "Serving")
    assert passes.states()["Progressing"] == ("True", "Invalid")
    assert passes.states()["Reconciled"] == ("False", "Invalid")


async def test_a_refused_child_of_a_first_release_is_not_ready() -> None:
    passes = Passes()
    passes.cluster.refused["Deployment"] = "Invalid"
    await passes.for_a_minute()
    assert passes.states()["Ready"] == ("False", "Invalid")


@pytest.mark.parametrize(
    "data", [Ref(SECRET, "default", "links-credentials"), Ref(CLAIM, "default", "links-database")], ids=str
)
async def test_data_that_was_restored_with_kind_and_name_alone_is_adopted(data: Ref) -> None:
    passes = await Passes().serving()
    held = passes.cluster.objects[data]
    passes.change(data, {"metadata": {"labels": {DATA: None, MANAGED_BY: None}}})
    passes.wants({"settings": {"slugLength": 9}})
    assert (await passes.for_a_minute()).result is Result.DONE
    assert passes.states()["Progressing"] == ("True", "TrafficMoved")
    assert passes.cluster.objects[data]["metadata"]["labels"] == held["metadata"]["labels"]
    assert passes.cluster.objects[data]["metadata"]["uid"] == held["metadata"]["uid"]


@pytest.mark.parametrize("taken", [(DATA, MANAGED_BY), (DATA, MANAGED_BY, OWNER_KIND, OWNER_NAME)], ids=len)
async def test_no_credentials_are_made_for_data_that_was_restored_without_them(taken: tuple[str, ...]) -> None:
    passes = await Passes().serving()
    claim, secret = Ref(CLAIM, "default", "links-database"), Ref(SECRET, "default", "links-credentials")
    held = passes.cluster.objects[claim]["metadata"]["labels"]
    del passes.cluster.objects[secret]
    passes.change(claim, {"metadata": {"labels": dict.fromkeys(taken)}})
    await passes.for_a_minute()
    if OWNER_NAME in taken:
        assert passes.states()["Reconciled"] == ("False", "ChildNotOurs")
        assert secret not in passes.cluster.objects
        passes.change(claim, {"metadata": {"labels": {OWNER_KIND: "ShortenerApp", OWNER_NAME: "links"}}})
        await passes.for_a_minute()
    assert passes.states()["DataPresent"] == ("False", "CredentialsLost")
    assert secret not in passes.cluster.objects
    assert passes.cluster.objects[claim]["metadata"]["labels"] == held


async def test_data_that_another_manager_claims_is_not_adopted() -> None:
    passes = await Passes().serving()
    passes.change(Ref(SECRET, "default", "links-credentials"), {"metadata": {"labels": {MANAGED_BY: "Helm"}}})
    assert (await passes.once()).result is Result.REFUSED
    assert passes.states()["Reconciled"] == ("False", "ChildNotOurs")
    assert "label --overwrite secrets links-credentials app.kubernetes" in passes.message("Reconciled")


@pytest.mark.parametrize("label", [COMPONENT, REVISION])
async def test_a_record_without_its_role_stops_nothing(label: str) -> None:
    passes = await Passes().serving()
    for record in [ref for ref in passes.cluster.objects if ref.resource == CONTROLLER_REVISION]:
        held = passes.cluster.objects[record]
        passes.change(record, {"metadata": {"labels": {label: None}}})
        assert (await passes.for_a_minute()).result is Result.DONE
        assert passes.cluster.objects[record]["metadata"]["uid"] == held["metadata"]["uid"]
    assert passes.states()["Ready"] == ("True", "Serving")


@pytest.mark.parametrize("label", [MANAGED_BY, OWNER_KIND, OWNER_NAME])
async def test_a_record_gets_back_the_labels_that_somebody_took(label: str) -> None:
    passes = await Passes().serving()
    for record in [ref for ref in passes.cluster.objects if ref.resource == CONTROLLER_REVISION]:
        held = passes.cluster.objects[record]
        passes.change(record, {"metadata": {"labels": {label: None}}})
        assert (await passes.for_a_minute()).result is Result.DONE
        assert passes.cluster.objects[record]["metadata"]["uid"] == held["metadata"]["uid"]
        assert passes.cluster.objects[record]["metadata"]["labels"] == held["metadata"]["labels"]
    assert passes.states()["Reconciled"] == ("True", "AllApplied")


async def test_a_schema_that_is_older_than_the_operator_is_said_and_costs_no_loop() -> None:
    passes = await Passes().serving()
    passes.cluster.unknown = frozenset({"slos", "migrations"})
    passes.change(LINKS, {"status": {"slos": None, "migrations": None}})
    assert (await passes.once()).again > timedelta(minutes=1)
    assert passes.states()["Reconciled"] == ("False", "SchemaOutdated")
    before = len(passes.cluster.events)
    assert (await passes.once()).again > timedelta(minutes=1)
    assert len(passes.cluster.events) == before
    passes.cluster.unknown = frozenset()
    await passes.settle()
    assert passes.states()["Reconciled"] == ("True", "AllApplied")


async def test_a_pass_that_takes_too_long_ends_and_is_told_of_when_it_lasts() -> None:
    async def never(*_: object) -> None:
        await asyncio.Event().wait()

    passes = await Passes().serving()
    slow = replace(SHORTENER_APP, observe=never)
    for failures in range(HICCUPS + 1):
        outcome = await one_pass(slow, LINKS, passes.world, failures=failures, longest=0.01)
        assert outcome.result is Result.TRANSIENT
    assert passes.states()["Reconciled"] == ("False", "ApiUnavailable")
    assert "longer than" in passes.message("Reconciled")


async def test_a_conflict_that_does_not_end_is_said() -> None:
    passes = await Passes().serving()
    record = next(ref for ref in passes.cluster.objects if ref.resource == CONTROLLER_REVISION)
    passes.cluster.unheard = record
    streak, results = Streak(), []
    for _ in range(CONFLICTS_IN_A_ROW + 3):
        outcome = await passes.once(streak.failures)
        pause_after(outcome, 0.0, streak)
        results.append(passes.states()["Reconciled"][1])
    assert results == [*["AllApplied"] * (CONFLICTS_IN_A_ROW + 2), "Conflict"]
    assert f"{record} is there already" in passes.message("Reconciled")


async def test_orphans_of_an_earlier_life_are_told_from_what_belongs_to_others() -> None:
    passes = await Passes().serving()
    for ref in passes.cluster.objects:
        passes.change(ref, {"metadata": {"ownerReferences": None}})
    passes.change(LINKS, {"metadata": {"uid": "another life"}, "status": None})
    assert (await passes.once()).result is Result.REFUSED
    assert passes.states()["Reconciled"] == ("False", "ChildOrphaned")
    said = passes.message("Reconciled")
    assert "deleted with --cascade=orphan" in said
    assert "delete controllerrevisions.apps,deployments.apps,horizontalpodautoscalers.autoscaling,jobs.batch," in said
    assert "persistentvolumeclaims" not in said
    assert "toprope.dev/kind=ShortenerApp,toprope.dev/name=links,!toprope.dev/data'" in said


async def test_who_changes_a_child_back_each_time_is_answered_less_often_and_told_of() -> None:
    passes, breaths = await Passes().serving(), []
    passes.moment += CALM
    for _ in range(AT_ONCE + 3):
        passes.change(Ref(SERVICE, "default", "links-web"), {"spec": {"selector": None}})
        breaths.append((await passes.once()).breath)
        passes.moment += timedelta(seconds=0.1)
    assert breaths == [*[timedelta(0)] * AT_ONCE, FIRST_BREATH, 2 * FIRST_BREATH, 4 * FIRST_BREATH]
    assert passes.states()["Ready"] == ("True", "Serving")
    assert passes.states()["Reconciled"] == ("False", "ChildContested")
    assert "get services links-web -o yaml --show-managed-fields" in passes.message("Reconciled")
    passes.moment += CALM
    await passes.once()
    assert passes.states()["Reconciled"] == ("True", "AllApplied")


async def test_whoever_has_not_heard_of_the_newest_status_moves_no_traffic() -> None:
    """Of two operators one was stalled: it hears of the route that was taken back before it hears of the verdict."""
    passes = await Passes(TRAFFIC).serving()
    route = Ref(HTTP_ROUTE, "default", ROUTE)
    taken_back = passes.cluster.objects[route]["spec"]["rules"]
    passes.wants({**TRAFFIC, "settings": {"slugLength": 9}})
    while passes.cluster.objects[route]["spec"]["rules"][0] == taken_back[0]:
        believed = passes.cluster.child(LINKS)
        await passes.once()
    passes.change(route, {"spec": {"rules": taken_back}})
    passes.change(LINKS, {"status": {"rollout": {"phase": "RollingBack"}}})
    passes.cluster.late = believed
    assert (await passes.once()).result is Result.CONFLICT
    assert passes.cluster.objects[route]["spec"]["rules"] == taken_back
