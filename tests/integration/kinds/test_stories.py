"""What happens to a ShortenerApp in a cluster with real controllers and pods that are ready, or not, at once."""

import itertools
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from dev.floor import Fate, Floor, Outcome
from tests.integration.kinds.conftest import ROOT
from tests.support.engine import Engine, an_engine, put
from toprope.core.names import BESIDE, ROTATE_CREDENTIALS
from toprope.core.objects import CLAIM, DEPLOYMENT, JOB, POD, SECRET, ApiResource, Manifest, Ref
from toprope.io.api import Request
from toprope.io.credentials import from_kubeconfig
from toprope.kinds.shortenerapp.kind import SHORTENER_APP
from toprope.serving.reasons import Reason

TRAFFIC = {"gateway": {"name": "public", "namespace": "infra"}, "hostnames": ["links.localhost"]}
RESTRICTED = {"pod-security.kubernetes.io/enforce": "restricted"}
_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Place:
    """An engine over a fresh namespace, and the resource `links` in it."""

    engine: Engine
    ref: Ref

    async def becomes(self, spec: dict[str, Any], settled: Callable[[Manifest], bool], **notes: str) -> Manifest:
        """The resource once it is `settled` under this spec."""
        metadata = {"name": "links", "namespace": self.ref.namespace, "annotations": notes}
        kind = self.ref.resource
        manifest = {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": metadata, "spec": spec}
        await put(self.engine, self.ref, manifest)
        return await self.engine.settle(self.ref, settled)

    async def read(self, resource: ApiResource, name: str) -> Manifest:
        """A child as it lives."""
        live = await self.engine.cluster.read(Ref(resource, self.ref.namespace, name))
        assert live is not None, f"there is no {resource.kind} {name}"
        return live


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Floor]:
    """A floor whose Deployments make pods, and that knows nothing of CloudNativePG: most clusters are so."""
    with Floor.start(tmp_path_factory.mktemp("busy"), pods=True) as started:
        started.install(ROOT / "crds")
        started.install_gateway()
        started.restart_controllers()
        yield started


@pytest.fixture
async def links(busy: Floor) -> AsyncIterator[Place]:
    """A place where the Pod Security Standard `restricted` is enforced."""
    name = f"story-{next(_numbers)}"
    busy.api.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": RESTRICTED}})
    async with an_engine(SHORTENER_APP, from_kubeconfig(busy.kubeconfig), name) as engine:
        yield Place(engine, engine.ref(name, "links"))


def states(kind: str, status: str, reason: str = "") -> Callable[[Manifest], bool]:
    """Whether a resource states this condition."""
    return lambda live: any(
        one["type"] == kind and one["status"] == status and reason in ("", one["reason"])
        for one in live["status"].get("conditions", ())
    )


def message(live: Manifest, kind: str) -> str:
    return str(next(one["message"] for one in live["status"]["conditions"] if one["type"] == kind))


def warnings(floor: Floor, links: Place) -> list[str]:
    """What was said of the resource as a warning."""
    events = floor.api.get(f"/api/v1/namespaces/{links.ref.namespace}/events")["items"]
    ours = [one for one in events if one["involvedObject"]["kind"] == links.ref.resource.kind]
    return [one["reason"] for one in ours if one["type"] == "Warning"]


READY = states("Ready", "True")
IDLE = states("Progressing", "False")


async def test_a_new_one_gets_ready_and_a_quiet_one_writes_nothing(links: Place) -> None:
    live = await links.becomes({"traffic": TRAFFIC}, READY)
    assert live["status"]["url"] == "http://links.localhost"
    before = links.engine.cluster.writes
    for _ in range(3):
        await links.engine.one_pass(links.ref)
    assert links.engine.cluster.writes == before


async def test_a_release_moves_from_revision_to_revision(links: Place) -> None:
    first = await links.becomes({"traffic": TRAFFIC}, READY)
    stable = first["status"]["revision"]["stable"]
    second = await links.becomes(
        {"traffic": TRAFFIC, "settings": {"slugLength": 9}},
        lambda live: live["status"]["revision"] != {"stable": stable} and live["status"]["rollout"]["phase"] == "Idle",
    )
    candidate = second["status"]["revision"]["stable"]
    assert candidate != stable
    assert await links.engine.cluster.read(Ref(DEPLOYMENT, links.ref.namespace, f"links-web-{stable}")) is None
    route = links.engine.cluster.children(links.ref.namespace, {"toprope.dev/kind": "ShortenerApp",
                                                               "toprope.dev/name": "links"})  # fmt: skip
    backends = [one["spec"]["rules"][0]["backendRefs"] for one in route if one["kind"] == "HTTPRoute"]
    assert [one["name"] for one in backends[0]] == [f"links-web-{candidate}"]


@pytest.mark.parametrize(
    ("fate", "reason", "words"),
    [
        (Fate(Outcome.FAILS, "Error", "migration 0004: column target is missing"), Reason.MIGRATION_FAILED,
         'last with "migration 0004: column target is missing"'),
        (Fate(Outcome.WAITS, "ImagePullBackOff", "no such tag"), Reason.IMAGE_NOT_PULLED, "no such tag"),
        (Fate(Outcome.UNSCHEDULABLE, "Unschedulable", "0/1 nodes fit"), Reason.POD_NOT_SCHEDULED, "0/1 nodes fit"),
    ],
    ids=lambda value: str(value) if isinstance(value, Reason) else None,
)  # fmt: skip
async def test_a_bad_release_is_explained_and_leaves_the_old_one_alone(
    busy: Floor, links: Place, fate: Fate, reason: str, words: str
) -> None:
    await links.becomes({}, READY)
    busy.decree(f"bad-image-{reason.lower()}", fate)
    bad = {"image": f"registry.example.com/bad-image-{reason.lower()}:1"}
    live = await links.becomes(bad, states("Progressing", "True", reason))
    assert words in message(live, "Progressing")
    assert READY(live)


async def test_a_release_that_the_running_one_could_not_live_with_is_refused(busy: Floor, links: Place) -> None:
    """The Job controller reads the exit code of the check; the container of the migration never starts."""
    first = await links.becomes({"traffic": TRAFFIC}, READY)
    busy.decree("drops-a-column", Fate(Outcome.FAILS_FIRST, "Error", "it takes away what is in use", code=3))
    bad = {"traffic": TRAFFIC, "image": "registry.example.com/drops-a-column:1"}
    live = await links.becomes(bad, states("Progressing", "False", Reason.MIGRATION_REFUSED))
    revisions = live["status"]["revision"]
    assert 'says "it takes away what is in use"' in message(live, "Progressing")
    assert (READY(live), revisions["stable"]) == (True, first["status"]["revision"]["stable"])
    job = await links.read(JOB, f"links-migrate-{revisions['candidate']}")
    assert job["spec"]["template"]["metadata"]["annotations"][BESIDE] == revisions["stable"]
    assert (
        await links.engine.cluster.read(Ref(DEPLOYMENT, links.ref.namespace, f"links-web-{revisions['candidate']}"))
        is None
    )
    before = links.engine.cluster.writes
    await links.engine.one_pass(links.ref)
    assert links.engine.cluster.writes == before
    await links.becomes({"traffic": TRAFFIC}, lambda live: live["status"]["rollout"]["phase"] == "Idle")


async def test_a_gateway_that_refuses_the_route_is_quoted(busy: Floor, links: Place) -> None:
    busy.decree(f"{links.ref.namespace}/links-web", Fate(Outcome.FAILS, "NotAllowedByListeners", "no listener fits"))
    live = await links.becomes({"traffic": TRAFFIC}, states("RouteAccepted", "False", "NotAllowedByListeners"))
    assert "no listener fits" in message(live, "RouteAccepted")


@pytest.mark.parametrize(("storage_class", "grows"), [("growing", True), ("local", False)])
async def test_storage_grows_where_its_class_allows_it(links: Place, storage_class: str, grows: bool) -> None:
    part = {"storage": "1Gi", "storageClassName": storage_class}
    await links.becomes({"database": {"embedded": part}}, READY)
    larger = {"database": {"embedded": {**part, "storage": "2Gi"}}}
    live = await links.becomes(larger, READY if grows else states("StorageGrown", "False", Reason.STORAGE_REFUSED))
    claim = await links.read(CLAIM, "links-database")
    assert claim["spec"]["resources"]["requests"]["storage"] == ("2Gi" if grows else "1Gi")
    assert READY(live)


async def test_credentials_rotate_and_the_old_ones_are_gone(busy: Floor, links: Place) -> None:
    await links.becomes({}, READY)
    before = (await links.read(SECRET, "links-credentials"))["data"]
    await links.becomes({}, states("CredentialsRotated", "True"), **{ROTATE_CREDENTIALS: "monday"})
    after = (await links.read(SECRET, "links-credentials"))["data"]
    assert before.keys() == after.keys()
    assert not set(before.values()) & set(after.values())
    assert warnings(busy, links) == []


async def test_deleted_and_made_again_it_takes_up_its_data(links: Place) -> None:
    await links.becomes({}, READY)
    claim, secret = await links.read(CLAIM, "links-database"), await links.read(SECRET, "links-credentials")
    links.engine.store.put(
        links.ref.resource, await links.engine.api.call(Request("DELETE", links.ref, links.ref.path))
    )
    await links.engine.part(links.ref)
    await links.becomes({}, READY)
    assert (await links.read(CLAIM, "links-database"))["metadata"]["uid"] == claim["metadata"]["uid"]
    assert (await links.read(SECRET, "links-credentials"))["data"] == secret["data"]


async def test_a_claim_without_its_credentials_is_left_alone(links: Place) -> None:
    await links.becomes({}, READY)
    secret = Ref(SECRET, links.ref.namespace, "links-credentials")
    await links.engine.api.call(Request("DELETE", secret, secret.path))
    before = links.engine.cluster.writes
    live = await links.becomes({"settings": {"slugLength": 9}}, states("DataPresent", "False", Reason.CREDENTIALS_LOST))
    written = links.engine.cluster.journal[before:]
    assert [line for line in written if not line.startswith(("event", "status"))] == []
    assert "Restore the Secret" in message(live, "Ready")


async def test_a_claim_that_somebody_deletes_is_told_of_and_the_empty_one_migrated(links: Place) -> None:
    before = await links.becomes({}, READY)
    claim, pod = (Ref(one, links.ref.namespace, name) for one, name in ((CLAIM, "links-database"),
                                                                         (POD, "links-database-0")))  # fmt: skip
    await links.engine.api.call(Request("DELETE", claim, claim.path))
    live = await links.becomes({}, states("Reconciled", "False", Reason.CLAIM_LEAVING))
    assert "pg_dump" in message(live, "Ready")
    await links.engine.api.call(Request("DELETE", pod, pod.path))
    after = await links.becomes({}, lambda live: READY(live) and succeeded(live) != succeeded(before))
    assert succeeded(after) == [(await links.read(CLAIM, "links-database"))["metadata"]["uid"]]


def succeeded(live: Manifest) -> list[str | None]:
    """On which data the migrations have succeeded."""
    return [one.get("dataUid") for one in live["status"]["migrations"]]


async def test_somebody_elses_secret_of_the_name_is_not_touched(busy: Floor, links: Place) -> None:
    metadata = {"name": "links-credentials", "namespace": links.ref.namespace}
    busy.api.apply({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": {"mine": "x"}})
    await put(links.engine, links.ref, {"apiVersion": "toprope.dev/v1alpha1", "kind": "ShortenerApp",
                                        "metadata": {"name": "links", "namespace": links.ref.namespace}})  # fmt: skip
    await links.engine.one_pass(links.ref)
    live = links.engine.cluster.child(links.ref)
    assert live is not None
    assert states("Ready", "False", "ChildNotOurs")(live)
    assert set((await links.read(SECRET, "links-credentials"))["data"]) == {"mine"}
