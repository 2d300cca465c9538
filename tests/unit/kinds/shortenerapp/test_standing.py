"""Database and cache: rendered at birth, and anew only when their own fields change."""

from dataclasses import replace
from typing import Any

import pytest

from tests.support.shorteners import NOW, Spoiling, changed, settled, with_spec
from toprope.core.decision import Apply, CreateOnce, Decision
from toprope.core.names import COMPONENT
from toprope.core.objects import labels_of
from toprope.serving.decide import decide

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


def no_record_of(component: str) -> Spoiling:
    """Somebody deleted what is written down of a part."""
    return lambda seen: replace(
        seen,
        children={
            key: one
            for key, one in seen.children.items()
            if key[0] != "ControllerRevision" or labels_of(one)[COMPONENT] != component
        },
    )


@pytest.mark.parametrize(("component", "kind"), [("database", "StatefulSet"), ("cache", "Deployment")])
def test_a_lost_record_is_written_anew_with_the_image_that_runs(component: str, kind: str) -> None:
    newer = replace(RESOURCE, installation=replace(RESOURCE.installation, version="99.0.0"))
    decision = decide(newer, no_record_of(component)(SEEN), NOW)
    records = [one.manifest["metadata"]["labels"][COMPONENT] for one in decision.actions if isinstance(one, CreateOnce)]
    assert records == [component]
    assert applied(decision, kind, f"links-{component}") == SEEN.children[kind, f"links-{component}"]["spec"]


def test_a_part_whose_fields_have_changed_takes_todays_image() -> None:
    newer = replace(LARGER, installation=replace(LARGER.installation, version="99.0.0"))
    spec = applied(decide(newer, SEEN, NOW), "StatefulSet", "links-database")
    assert spec["template"]["spec"]["containers"][0]["image"].endswith("/postgres:99.0.0")
