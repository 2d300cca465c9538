"""Database and cache: rendered at birth, and anew only when their own fields change."""

from typing import Any

import pytest

from tests.support.shorteners import NOW, changed, settled, with_spec
from toprope.core.decision import Apply, Decision
from toprope.kinds.shortenerapp.decide import decide

RESOURCE, SEEN = settled()
LARGER = with_spec(RESOURCE, {"database": {"embedded": {"resources": {"limits": {"memory": "1Gi"}}}}})


def applied(decision: Decision, kind: str, name: str) -> Any:
    return next(
        one.manifest["spec"]
        for one in decision.actions
        if isinstance(one, Apply) and (one.manifest["kind"], one.manifest["metadata"]["name"]) == (kind, name)
    )


@pytest.mark.parametrize(
    ("lives", "policy"), [("Parallel", "Parallel"), ("OrderedReady", "OrderedReady"), (None, "OrderedReady")]
)
def test_a_database_that_manages_its_pods_as_ever_is_not_asked_to_change_that(lives: str | None, policy: str) -> None:
    earlier = changed("StatefulSet", "links-database", {"spec": {"podManagementPolicy": lives}})
    spec = applied(decide(LARGER, earlier(SEEN), NOW), "StatefulSet", "links-database")
    assert spec["podManagementPolicy"] == policy
    assert spec["template"]["spec"]["containers"][0]["resources"]["limits"] == {"memory": "1Gi"}
