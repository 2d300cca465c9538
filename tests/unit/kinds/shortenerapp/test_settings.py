"""Settings reach the web pods, and a setting that came later moves no revision of an earlier day."""

from pathlib import Path
from typing import Any

import pytest

from tests.support.earlier import filled, worlds
from tests.support.shorteners import a_shortener
from toprope.kinds.shortenerapp.connections import EMBEDDED_PODS
from toprope.kinds.shortenerapp.render import environment
from toprope.kinds.shortenerapp.render.database import database
from toprope.kinds.shortenerapp.spec import revision_of_spec


@pytest.mark.parametrize(
    ("settings", "proxies"), [({}, "1"), ({"trustedProxies": 0}, "0"), ({"trustedProxies": 2}, "2")]
)
def test_web_pods_know_how_many_proxies_they_may_believe(settings: dict[str, Any], proxies: str) -> None:
    variables = environment.web(a_shortener({"settings": settings}))
    assert {"name": "SHORTENER_TRUSTED_PROXIES", "value": proxies} in variables


def test_an_embedded_database_takes_all_connections_of_a_release_at_its_greatest() -> None:
    resource = a_shortener({"replicas": {"max": EMBEDDED_PODS}})
    pool = next(int(one["value"]) for one in environment.web(resource) if one["name"] == "DATABASE_POOL_SIZE")
    part = resource.spec.database.embedded
    assert part is not None
    (postgres,) = database(resource, part)["spec"]["template"]["spec"]["containers"]
    takes = {one["name"]: int(one["value"]) for one in postgres["env"]}["POSTGRES_MAX_CONNECTIONS"]
    superusers_own, a_job, listens = 3, 1, 1
    assert takes >= 2 * EMBEDDED_PODS * (pool + listens) + superusers_own + a_job


@pytest.mark.parametrize("recorded", worlds(), ids=lambda path: path.stem)
def test_a_recorded_spec_means_the_revision_that_it_meant_then(recorded: Path) -> None:
    resource = filled(recorded, "default", "paper")[0]
    assert revision_of_spec(a_shortener(resource["spec"]).spec) == resource["status"]["revision"]["stable"]
