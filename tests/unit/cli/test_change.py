"""What `toprope plan` says would change, against an API server on paper that knows no other verb than GET."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from tests.support.planning import Place
from tests.support.rollouts import ago, at
from tests.support.shorteners import EXTERNAL, WITH_TRAFFIC, Paper, a_shortener, with_spec
from toprope.cli.paper import merged
from toprope.kinds.shortenerapp.spec import revision_of_spec

SLOS = {"slos": [{"name": "availability", "objective": "99.9", "availability": {}}]}
SPEC: dict[str, Any] = {**WITH_TRAFFIC, **SLOS}
LONGER_SLUGS = {"settings": {"slugLength": 9}}
SPENT = {"name": "availability", "state": "Exhausted", "exhaustedSince": ago(60), "budgetRemaining": "-0.1"}


def turned(told: Mapping[str, Any], turn: str) -> set[str]:
    return {f"{one['kind']} {one['name']}" for one in told["children"] if one["change"] == turn}


async def test_what_lives_already_changes_nothing(place: Place) -> None:
    told = await place.told({})
    assert (told["comparedWith"], told["release"]["change"], told["fields"]) == ("live", "Unchanged", [])
    assert {one["change"] for one in told["children"]} == {"unchanged"}
    assert "The spec is as it lives." in (await place.plan({})).stdout


async def test_a_live_field_changes_a_child_and_no_revision(place: Place) -> None:
    shown = await place.plan({"replicas": {"max": 7}})
    assert "Release: unchanged. Revision 67dns75th serves; what differs takes effect at once." in shown.stdout
    assert "spec.replicas.max: 3 → 7 (live, at once)" in shown.stdout
    assert "changed  HorizontalPodAutoscaler links-web-67dns75th: spec.maxReplicas" in shown.stdout
    assert "Rollout:" not in shown.stdout


@pytest.mark.parametrize(
    ("changed", "anew"),
    [
        ({"objective": "99.5"}, False),
        ({"availability": None, "latency": {"threshold": "1s"}}, True),
        ({"name": "another", "availability": None, "latency": {"threshold": "1s"}}, False),
    ],
)
async def test_an_slo_that_counts_something_else_under_its_name_begins_anew(
    changed: Mapping[str, Any], anew: bool, place: Place
) -> None:
    change = {"slos": [{**SLOS["slos"][0], **changed}]}
    shown = (await place.plan(change)).stdout
    assert ("that lives counts something else: history and budget begin anew." in shown) == anew


async def test_a_release_names_its_revision_and_how_it_would_come(place: Place) -> None:
    change = {**LONGER_SLUGS, "replicas": {"max": 7}}
    name = revision_of_spec(with_spec(place.resource, change).spec)
    shown = (await place.plan(change)).stdout
    assert f"Release: new revision {name}, beside stable 67dns75th." in shown
    assert "spec.settings.slugLength: 7 → 9 (makes the new revision)" in shown
    assert "spec.replicas.max: 3 → 7 (live, at once)" in shown
    way = "1% for 1m, 10% for 1m, 50% for 1m, then all requests, and a bake of 10m. It has 10m to get ready."
    assert f"Rollout: Canary: {way}" in shown
    assert "Judged by availability: one that burns its budget 4 times too fast is bad." in shown
    assert "No error budget is known to be spent." in shown
    told = await place.told(change)
    assert told["release"] == {"change": "New", "revision": name, "stable": "67dns75th", "candidate": None}
    assert turned(told, "created") == {
        f"{kind} links-{part}-{name}"
        for kind, part in [
            ("ControllerRevision", "web"), ("Service", "web"), ("Job", "migrate"), ("Deployment", "web"),
            ("HorizontalPodAutoscaler", "web"),
        ]
    }  # fmt: skip
    assert "Deployment links-web-67dns75th" in turned(told, "removed")
    assert "ControllerRevision links-web-67dns75th" in turned(told, "unchanged")
    assert {one.split()[0] for one in turned(told, "changed")} == {"Service", "HTTPRoute"}


@pytest.mark.parametrize("paper", [EXTERNAL], indirect=True)
async def test_secrets_are_not_asked_for(place: Place) -> None:
    place.answers = {"/secrets": 500, "/my-database": 500}
    shown = await place.plan(LONGER_SLUGS)
    assert "created  Deployment links-web-" in shown.stdout
    assert "Secrets are not read: they are taken to be there" in shown.stdout


async def test_what_may_not_be_listed_is_named_and_nothing_is_said_of_it(place: Place) -> None:
    place.answers = {"/jobs": 403, "/networkpolicies": 403}
    shown = await place.plan(LONGER_SLUGS)
    assert shown.exit_code == 0
    assert "Not known, for they may not be listed: jobs, networkpolicies." in shown.stdout
    assert "Job " not in shown.stdout
    assert (await place.told(LONGER_SLUGS))["notListed"] == ["jobs", "networkpolicies"]


async def test_an_api_that_the_cluster_lacks_is_no_trouble(place: Place) -> None:
    place.answers = {"/podmonitors": 404}
    assert "PodMonitor" not in (await place.plan(LONGER_SLUGS)).stdout


@pytest.mark.parametrize(
    ("answers", "why"),
    [({"/links": 403}, "The API server answers 403 to GET ShortenerApp default/links"), ({"/links": 503}, "503")],
)
async def test_a_resource_that_may_not_be_read_is_planned_as_if_it_were_new(
    place: Place, answers: dict[str, int], why: str
) -> None:
    place.answers = answers
    shown = await place.plan({})
    assert (shown.exit_code, "Not compared with what lives" in shown.stderr, why in shown.stderr) == (0, True, True)
    assert "Release: revision 67dns75th is the first" in shown.stdout


async def test_a_resource_that_is_not_there_is_new(place: Place) -> None:
    place.answers = {"/links": 404}
    told = await place.told({})
    assert (told["comparedWith"], told["release"]["change"], told["rollout"]) == ("nothing", "First", None)
    assert "Secret links-credentials" in turned(told, "created")


async def test_nobody_is_asked_where_that_is_not_wanted(place: Place) -> None:
    place.answers = {"": 500}
    shown = await place.plan({}, "--no-cluster")
    assert (shown.exit_code, shown.stderr) == (0, "")


async def test_one_that_nobody_has_looked_at_yet_has_no_release_to_change(place: Place) -> None:
    place.status = {"revision": None, "rollout": None}
    assert (await place.told({}))["release"]["change"] == "First"


@pytest.mark.parametrize(
    ("revision", "rollout", "change", "word", "line"),
    [
        ({"candidate": "new"}, at("Holding", step=1, weight="1%"), {}, "BackToStable",
         "back to stable 67dns75th: candidate new (Holding at 1%, step 1 of 3) is taken back."),
        ({"candidate": "new"}, at("Preparing"), LONGER_SLUGS, "New",
         "beside stable 67dns75th, in place of candidate new (Preparing)."),
        ({"candidate": "q6hrqc6nr"}, at("Preparing"), LONGER_SLUGS, "UnderWay",
         "unchanged. Revision q6hrqc6nr is on its way (Preparing)."),
        ({"candidate": "q6hrqc6nr"}, at("Failed", "WorseThanStable"), LONGER_SLUGS, "FailedBefore",
         "unchanged. Revision q6hrqc6nr has failed; nothing new starts. toprope retry tries it again."),
        ({"served": ["q6hrqc6nr"]}, at("Idle"), LONGER_SLUGS, "ServedBefore",
         "revision q6hrqc6nr, which served before, comes back beside stable 67dns75th."),
    ],
)  # fmt: skip
async def test_what_becomes_of_the_release(
    place: Place, revision: dict[str, Any], rollout: dict[str, Any], change: dict[str, Any], word: str, line: str
) -> None:
    place.status = {"revision": revision, "rollout": rollout}
    shown = (await place.plan(change)).stdout
    assert line in next(one for one in shown.splitlines() if one.startswith("  Release: "))
    assert (await place.told(change))["release"]["change"] == word


async def test_one_that_served_before_comes_without_steps(place: Place) -> None:
    place.status = {"revision": {"served": ["q6hrqc6nr"]}}
    assert "Rollout: all requests as soon as it is ready, without steps: it served before." in (
        (await place.plan(LONGER_SLUGS)).stdout
    )


@pytest.mark.parametrize(
    ("rollout", "line"),
    [
        ({"strategy": "Immediate"}, "Rollout: Immediate: all requests as soon as it is ready, and no bake. It has 10m"),
        ({"strategy": "Immediate"}, "No SLO judges it: time and facts decide."),
        ({"strategy": "BlueGreen"}, "BlueGreen: 200 probes, then all requests as soon as it is ready, and a bake of"),
        ({"steps": [{"weight": "5%", "hold": "2m"}], "bake": "0s"}, "5% for 2m, then all requests, and no bake."),
        (
            {"gate": {"budgetShare": "1%"}},
            "No further by itself, toprope unfreeze or promote decides: availability has",
        ),
    ],
)
async def test_the_rollout_is_that_of_the_file(place: Place, rollout: dict[str, Any], line: str) -> None:
    assert line in (await place.plan({**LONGER_SLUGS, "rollout": rollout}, "--requests-per-second", "1")).stdout


async def test_steps_are_those_that_the_budget_pays_for(place: Place) -> None:
    async def steps(remaining: str, *words: str, **rollout: Any) -> list[str]:
        place.status = {"slos": [{"name": "availability", "state": "Met", "budgetRemaining": remaining}]}
        told = await place.told({**LONGER_SLUGS, "rollout": rollout}, *words)
        assert bool(told["rollout"]["heldBecause"]) is (remaining != "1" and not rollout.get("steps"))
        return [one["weight"] for one in told["rollout"]["steps"]]

    assert await steps("1") == ["1%", "10%", "50%"]
    assert await steps("0.02") == ["1%", "10%", "20%"]
    assert await steps("0") == []
    assert await steps("0", steps=[{"weight": "25%"}]) == ["25%"]


async def test_a_spent_budget_is_said(place: Place) -> None:
    place.status = {"slos": [SPENT]}
    shown = (await place.plan(LONGER_SLUGS)).stdout
    assert "It waits before it begins: the error budget of availability is spent. toprope unfreeze lets it go" in shown
    assert (await place.told(LONGER_SLUGS))["rollout"]["frozenBy"] == ["availability"]
    place.status = {"slos": [{**SPENT, "state": "NoData"}]}
    never = {**LONGER_SLUGS, "rollout": {"freeze": "Never"}}
    assert "is spent; freeze: Never holds nobody." in (await place.plan(never)).stdout
    told = (await place.told(never))["rollout"]
    assert (told["frozenBy"], told["heldBecause"]) == ([], None)


async def test_where_nothing_is_reconciled_it_says_so(place: Place) -> None:
    place.notes = {"toprope.dev/reconcile": "disabled"}
    assert "as long as the annotation toprope.dev/reconcile: disabled is there" in (await place.plan({})).stdout


async def test_fields_that_are_only_valid_together_are_those_of_a_release(place: Place) -> None:
    told = await place.told({"image": "example.org/links:2"})
    assert [(one["path"], one["before"], one["makesRevision"]) for one in told["fields"]] == [
        ("spec.image", None, True)
    ]


async def test_what_somebody_wrote_by_hand_is_no_change_of_the_file(place: Place) -> None:
    ref = next(one for one in place.paper.cluster.objects if one.resource.kind == "HorizontalPodAutoscaler")
    place.paper.cluster.objects[ref] = merged(place.paper.cluster.objects[ref], {"spec": {"maxReplicas": 99}})
    assert turned(await place.told({}), "changed") == set()


async def test_data_that_grows_is_a_change_of_what_lives(place: Place) -> None:
    told = await place.told({"database": {"embedded": {"storage": "3Gi"}}})
    changed = [(one["kind"], one["fields"]) for one in told["children"] if one["change"] == "changed"]
    assert changed == [("PersistentVolumeClaim", ["spec.resources.requests.storage"])]


def moving() -> Paper:
    """A candidate gets its first requests."""
    world = Paper(a_shortener(SPEC)).settle()
    world.resource = with_spec(world.resource, LONGER_SLUGS)
    for _ in range(12):
        world.pass_once()
        world.now += timedelta(seconds=1)
    return world


@pytest.mark.parametrize("paper", [moving], indirect=True)
async def test_in_mid_rollout_what_is_under_way_is_no_change_and_a_third_release_takes_its_place(place: Place) -> None:
    assert place.resource.status.rollout.weight == "1%"
    same = await place.told({})
    assert (same["release"]["change"], turned(same, "created"), turned(same, "changed")) == ("UnderWay", set(), set())
    third = await place.told({"settings": {"slugLength": 11}})
    assert third["release"]["change"] == "New"
    names = {third["release"][one] for one in ("stable", "candidate")}
    assert {f"Deployment links-web-{name}" for name in names} <= turned(third, "removed")
    back = await place.told({"settings": {"slugLength": 7}})
    assert back["release"]["change"] == "BackToStable"
    assert f"Deployment links-web-{back['release']['candidate']}" in turned(back, "removed")
    assert f"Deployment links-web-{back['release']['stable']}" not in turned(back, "removed")
