"""No pod answers, and none is left or able to count that: somebody is woken all the same.

Two services at once, for what takes long is waiting: of one all pods go, those of the other are there, say that they
are ready, and refuse the gateway's connections.
"""

import json
from dataclasses import replace
from typing import Any

from tests.e2e.load import Load
from tests.e2e.monitoring import EVALUATED, NOTIFIED, RELOADED, SCRAPED, moment, pages
from tests.e2e.world import World, a_shortener, until
from toprope.core.names import RECONCILE
from toprope.slo.rules import INTERVAL
from toprope.slo.spec import Slo

SLOS: list[dict[str, Any]] = [
    {"name": "availability", "objective": "99.9", "availability": {}},
    {"name": "fast-redirects", "objective": "99", "latency": {"threshold": "250ms", "route": "redirect"}},
]
NOBODY_LISTENS = 8999


def test_silence_wakes_somebody(world: World) -> None:
    gone, refusing = replace(world, name="gone"), replace(world, name="refusing")
    for each in (gone, refusing):
        each.apply(a_shortener(each, slos=SLOS, replicas={"min": 1, "max": 1}))
    for each in (gone, refusing):
        each.wait_ready(each.name)
        each.make_link("first")
    with Load(gone, ["/first"], 10) as to_gone, Load(refusing, ["/first"], 10) as to_refusing:
        for each in (gone, refusing):
            all_is_well(each)
        nobody_is_left(gone)
        nobody_listens(refusing)
        somebody_is_woken(gone, to_gone)
        somebody_is_woken(refusing, to_refusing)
    until(lambda: standing(gone)["state"] in ("Burning", "Exhausted"), lambda: str(standing(gone)), 60)
    assert refusing.condition("refusing", "Ready")["status"] == "True"


def all_is_well(world: World) -> None:
    world.wait_condition(world.name, "RulesAccepted", "Evaluated", RELOADED + EVALUATED)
    world.wait_condition(world.name, "SlosMet", "AllMet", EVALUATED)
    assert standing(world)["attained"] == "100"
    assert not pages(world, "availability")


def nobody_is_left(world: World) -> None:
    deployment = world.find("deployments", f"toprope.dev/name={world.name},app.kubernetes.io/component=web")[0]
    world.kubectl("scale", f"deployment/{deployment['metadata']['name']}", "--replicas=0")


def nobody_listens(world: World) -> None:
    """The Services lead to a port of the pods that is closed, and the operator is told not to mend that."""
    world.kubectl("annotate", "sapp", world.name, f"{RECONCILE}=disabled")
    world.wait_condition(world.name, "Reconciled", "ReconcileDisabled")
    patch = [{"op": "replace", "path": "/spec/ports/0/targetPort", "value": NOBODY_LISTENS}]
    for service in world.find("services", f"toprope.dev/name={world.name},app.kubernetes.io/component=web"):
        world.kubectl("patch", "service", service["metadata"]["name"], "--type=json", "-p", json.dumps(patch))


def somebody_is_woken(world: World, load: Load) -> None:
    # Ten requests a second of a few minutes' past: the maths ask for seconds of errors.
    patience = INTERVAL + SCRAPED + 2 * INTERVAL + NOTIFIED
    until(lambda: bool(pages(world, "availability")), lambda: f"nobody was woken: {standing(world)}", patience)
    due, fired = load.due(Slo.model_validate(SLOS[0])), moment(pages(world, "availability")[0], "startsAt")
    assert due - SCRAPED <= fired <= due + SCRAPED + 2 * INTERVAL


def standing(world: World) -> dict[str, Any]:
    status = (world.get("sapp", world.name) or {}).get("status") or {}
    return next((one for one in status.get("slos") or () if one["name"] == "availability"), {})
