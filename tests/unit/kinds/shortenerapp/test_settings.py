"""Settings reach the web pods, and a setting that came later moves no revision of an earlier day."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.support.earlier import filled, worlds
from tests.support.shorteners import a_shortener
from toprope.cli.paper import DAWN
from toprope.core.quantity import amount
from toprope.core.resource import Resource
from toprope.delivery.machine.moved import next_rollout
from toprope.delivery.machine.rollout import Phase, Policy, Rollout, Seen
from toprope.kinds.shortenerapp.render import environment
from toprope.kinds.shortenerapp.spec import revision_of_spec
from toprope.serving.connections import EMBEDDED_PODS
from toprope.serving.render.database import database


@pytest.mark.parametrize(
    ("settings", "proxies"), [({}, "1"), ({"trustedProxies": 0}, "0"), ({"trustedProxies": 2}, "2")]
)
def test_web_pods_know_how_many_proxies_they_may_believe(settings: dict[str, Any], proxies: str) -> None:
    variables = environment.web(a_shortener({"settings": settings}))
    assert {"name": "SHORTENER_TRUSTED_PROXIES", "value": proxies} in variables


MIB = 2**20
WORKED, LISTENED = 3.9, 1.2
"""MiB that a connection has for its own when it has done all that pods ask for, and when it has only listened."""
BUFFERS, REST = 64, 20
"""MiB of the shared buffers, and of Postgres' own processes."""


def pool_of(resource: Resource) -> int:
    return next(int(one["value"]) for one in environment.web(resource) if one["name"] == "DATABASE_POOL_SIZE")


def postgres_of(resource: Resource) -> dict[str, Any]:
    part = resource.spec.database.embedded
    assert part is not None
    (postgres,) = database(resource, part)["spec"]["template"]["spec"]["containers"]
    return dict(postgres)


def revisions_alive_at_most() -> int:
    """When a third release comes while the second one's predecessor still ends its requests."""
    ready = Seen("c", candidate_ready=True, obstacle="", route_moved=False)
    rollout = next_rollout(
        Rollout(stable="a", candidate="b", phase=Phase.PREPARING), replace(ready, wanted="b"), Policy(), DAWN
    )
    rollout = next_rollout(rollout, ready, Policy(), DAWN)
    return len({rollout.stable, rollout.retiring, rollout.candidate} - {None})


def test_an_embedded_database_takes_all_connections_of_a_release_during_a_release() -> None:
    resource = a_shortener({"replicas": {"max": EMBEDDED_PODS}})
    takes = {one["name"]: int(one["value"]) for one in postgres_of(resource)["env"]}["POSTGRES_MAX_CONNECTIONS"]
    superusers_own, a_job, listens = 3, 1, 1
    pods = revisions_alive_at_most() * EMBEDDED_PODS
    assert pods == 3 * EMBEDDED_PODS
    assert takes >= pods * (pool_of(resource) + listens) + superusers_own + a_job


def test_an_embedded_database_has_the_memory_for_them() -> None:
    resource = a_shortener({"replicas": {"max": EMBEDDED_PODS}})
    pods = revisions_alive_at_most() * EMBEDDED_PODS
    needs = BUFFERS + REST + pods * (pool_of(resource) * WORKED + LISTENED)
    assert needs * MIB <= amount(postgres_of(resource)["resources"]["limits"]["memory"])


def test_a_pods_pool_leaves_one_connection_beside_those_that_write_and_move_clicks() -> None:
    assert pool_of(a_shortener()) >= 3


@pytest.mark.parametrize("recorded", worlds(), ids=lambda path: path.stem)
def test_a_recorded_spec_means_the_revision_that_it_meant_then(recorded: Path) -> None:
    resource = filled(recorded, "default", "paper")[0]
    assert revision_of_spec(a_shortener(resource["spec"]).spec) == resource["status"]["revision"]["stable"]
