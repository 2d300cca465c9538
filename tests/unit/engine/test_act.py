"""In which order decisions are done, where some of it fails."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from tests.support.shorteners import a_shortener
from toprope.cli.paper import PaperCluster
from toprope.core.decision import Action, Amend, Apply, CreateOnce
from toprope.core.errors import Transient
from toprope.core.objects import SERVICE, Manifest, Ref
from toprope.engine.act import act

LINKS = a_shortener()


class MakesNothing(PaperCluster):
    """Only what is there already may be written."""

    async def create(self, manifest: Manifest) -> Manifest:
        raise Transient("not now")

    async def amend(self, ref: Ref, patch: Mapping[str, Any]) -> Manifest:
        raise Transient("not now")


def a_service(name: str, **spec: Any) -> Manifest:
    owned = {"labels": LINKS.labels, "ownerReferences": [LINKS.owner_reference]}
    metadata = {"name": name, "namespace": "default", **owned}
    return {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec}


async def selected(actions: Sequence[Action]) -> list[str]:
    """Whom the two Services select after actions that fail."""
    cluster = MakesNothing()
    for name in ("first", "second"):
        await PaperCluster.create(cluster, a_service(name, selector="old"))
    with pytest.raises(Transient):
        await act(LINKS, actions, cluster)
    return [cluster.objects[Ref(SERVICE, "default", name)]["spec"]["selector"] for name in ("first", "second")]


@pytest.mark.parametrize(
    "fails",
    [
        CreateOnce({**a_service("owned"), "kind": "ControllerRevision", "apiVersion": "apps/v1"}),
        CreateOnce({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "data", "namespace": "default"}}),
        Amend(Ref(SERVICE, "default", "first"), {}, "1"),
    ],
)
async def test_what_takes_requests_back_waits_for_nothing(fails: Action) -> None:
    falls = Apply(a_service("first", selector="new"), first=True)
    assert await selected([fails, Apply(a_service("second", selector="new")), falls]) == ["new", "old"]
