"""`toprope render` ends in the world that a real cluster would end in when nothing goes wrong."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.unit.schema.a_kind import A_KIND
from toprope.cli.rendering import NotRenderable, children, installation, resource_from
from toprope.core.decision import Apply, CreateOnce, Decision, Delete
from toprope.core.objects import DEPLOYMENT, JOB, SECRET, Ref
from toprope.core.resource import Resource
from toprope.ports import Cluster, Sources

INSTALLATION = installation("example.org/toprope", "toprope-system", "monitoring")
MANIFEST = {
    "apiVersion": "toprope.dev/v1alpha1",
    "kind": "Widget",
    "metadata": {"name": "links"},
    "spec": {"name": "a", "size": 2},
}


def an(resource_kind: Any, name: str) -> dict[str, Any]:
    metadata = {"name": name, "namespace": "default"}
    return {"apiVersion": resource_kind.api_version, "kind": resource_kind.kind, "metadata": metadata, "spec": {}}


async def observe(resource: Resource, cluster: Cluster, sources: Sources) -> dict[str, Any]:
    """The Job and the Secret, as the cluster has them."""
    job = await cluster.read(Ref(JOB, "default", "migrate"))
    secret = await cluster.read(Ref(SECRET, "default", "keys"))
    return {"migrated": bool(job and job["status"].get("succeeded")), "keys": (secret or {}).get("data")}


def decide(resource: Resource, seen: dict[str, Any], now: datetime) -> Decision:
    """The Deployment waits for the Job, the Job for the Secret."""
    secret = an(SECRET, "keys") | {"stringData": {"password": "tr_"}}
    actions: list[Any] = [CreateOnce(secret, generate=("password",))]
    if seen["keys"]:
        actions.append(Apply(an(JOB, "migrate")))
    if seen["migrated"]:
        actions += [Apply(an(DEPLOYMENT, "web")), Delete(Ref(JOB, "default", "gone"), "paper-9")]
    return Decision({}, [], actions, timedelta(minutes=5))


KIND = replace(A_KIND, observe=observe, decide=decide)


async def test_what_waits_for_something_is_rendered_too() -> None:
    made = await children(*resource_from(MANIFEST, [KIND], INSTALLATION))
    assert [one["kind"] for one in made] == ["Secret", "Job", "Deployment"]


async def test_generated_credentials_are_named_and_not_made() -> None:
    made = await children(*resource_from(MANIFEST, [KIND], INSTALLATION))
    assert made[0]["data"] == {"password": "Z2VuZXJhdGVk"}
    assert "stringData" not in made[0]


async def test_objects_look_as_they_would_be_applied() -> None:
    made = await children(*resource_from(MANIFEST, [KIND], INSTALLATION))
    assert made[1] == an(JOB, "migrate")


@pytest.mark.parametrize(
    ("sentence", "change", "why"),
    [
        ("another kind", {"kind": "Gadget"}, "kind: Gadget of toprope.dev/v1alpha1 is not Toprope's; known: Widget"),
        ("no name", {"metadata": {}}, "metadata.name: is missing"),
        ("a wrong field", {"spec": {"name": "a", "size": "big"}}, r"spec\.size: 'big' is no whole number"),
        ("a field too many", {"spec": {"name": "a", "sise": 2}}, r"spec\.sise: there is no such field: is size meant"),
        ("a field of nowhere", {"specs": {}}, r"specs: there is no such field: is spec meant"),
        ("a missing field", {"spec": {}}, r"spec\.name: is missing"),
    ],
)
def test_what_cannot_be_rendered_is_refused(sentence: str, change: dict[str, Any], why: str) -> None:
    with pytest.raises(NotRenderable, match=f"^{why}"):
        resource_from(MANIFEST | change, [KIND], INSTALLATION)
