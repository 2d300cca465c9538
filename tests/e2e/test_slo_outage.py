"""All pods of a service are gone: somebody is woken, though no pod is left to count anything."""

from typing import Any

from tests.e2e.monitoring import EVALUATED, NOTIFIED, RELOADED, SCRAPED, moment, pages
from tests.e2e.slo_load import Load
from tests.e2e.world import World, a_shortener, until
from toprope.slo.rules import INTERVAL
from toprope.slo.spec import Slo

SLOS: list[dict[str, Any]] = [
    {"name": "availability", "objective": "99.9", "availability": {}},
    {"name": "fast-redirects", "objective": "99", "latency": {"threshold": "250ms", "route": "redirect"}},
]


def test_the_end_of_all_pods_wakes_somebody(world: World) -> None:
    world.apply(a_shortener(world, slos=SLOS))
    world.wait_ready("links")
    world.make_link("first")
    with Load(world, ["/first"], 10) as load:
        all_is_well(world)
        nobody_is_left(world)
        somebody_is_woken(world, load)


def all_is_well(world: World) -> None:
    world.wait_condition("links", "RulesAccepted", "Evaluated", RELOADED + EVALUATED)
    world.wait_condition("links", "SlosMet", "AllMet", EVALUATED)
    assert standing(world)["attained"] == "100"
    assert not pages(world, "availability")


def nobody_is_left(world: World) -> None:
    deployment = world.find("deployments", "toprope.dev/name=links,app.kubernetes.io/component=web")[0]
    world.kubectl("scale", f"deployment/{deployment['metadata']['name']}", "--replicas=0")


def somebody_is_woken(world: World, load: Load) -> None:
    # Ten requests a second of a few minutes' past: the maths ask for seconds of errors.
    patience = INTERVAL + SCRAPED + 2 * INTERVAL + NOTIFIED
    until(lambda: bool(pages(world, "availability")), lambda: f"nobody was woken: {standing(world)}", patience)
    due, fired = load.due(Slo.model_validate(SLOS[0])), moment(pages(world, "availability")[0], "startsAt")
    assert due - SCRAPED <= fired <= due + SCRAPED + 2 * INTERVAL
    until(lambda: standing(world)["state"] in ("Burning", "Exhausted"), lambda: str(standing(world)), 60)


def standing(world: World) -> dict[str, Any]:
    status = (world.get("sapp", "links") or {}).get("status") or {}
    return next((one for one in status.get("slos") or () if one["name"] == "availability"), {})
