"""What the store believes, and whom it rings."""

from typing import Any

import pytest

from toprope.core.names import child_labels
from toprope.core.objects import SERVICE, ApiResource, Manifest, Ref
from toprope.io.store import Owner, Store

OWN = ApiResource("toprope.dev", "v1alpha1", "tinies", "Tiny")
LINKS: Owner = ("shop", "Tiny", "links")
WEB = Ref(SERVICE, "shop", "links-web")


class Bells:
    """Writes down who was rung."""

    def __init__(self) -> None:
        self.rung: list[tuple[Owner, str]] = []

    def ring(self, owner: Owner, why: str) -> None:
        self.rung.append((owner, why))


@pytest.fixture
def bells() -> Bells:
    return Bells()


@pytest.fixture
def store(bells: Bells) -> Store:
    return Store(bells.ring, [SERVICE], [OWN])


def a_service(version: int, name: str = "links-web", owner: str = "links", **more: Any) -> Manifest:
    metadata = {
        "name": name,
        "namespace": "shop",
        "resourceVersion": str(version),
        "labels": child_labels("Tiny", owner, "web"),
        "managedFields": [{"manager": "toprope"}],
    }
    return {"apiVersion": "v1", "kind": "Service", "metadata": metadata, **more}


def test_what_is_heard_is_kept_without_its_managers_and_rings(store: Store, bells: Bells) -> None:
    store.heard(SERVICE, None, "ADDED", a_service(3))
    found = store.owned(LINKS, {})
    assert [one["metadata"]["name"] for one in found] == ["links-web"]
    assert "managedFields" not in found[0]["metadata"]
    assert bells.rung == [(LINKS, "Service")]


def test_an_older_version_never_wins(store: Store, bells: Bells) -> None:
    store.put(SERVICE, a_service(5, spec={"new": True}))
    store.heard(SERVICE, None, "MODIFIED", a_service(4))
    live = store.get(WEB)
    assert live is not None
    assert live["spec"] == {"new": True}
    assert bells.rung == []


def test_the_echo_of_our_own_write_rings_nobody(store: Store, bells: Bells) -> None:
    store.expect(WEB)
    store.replied(WEB, a_service(5))
    store.heard(SERVICE, None, "ADDED", a_service(5))
    assert bells.rung == []


def test_an_echo_before_its_reply_rings_nobody(store: Store, bells: Bells) -> None:
    store.expect(WEB)
    store.heard(SERVICE, None, "ADDED", a_service(5))
    store.replied(WEB, a_service(5))
    assert bells.rung == []


def test_a_later_change_during_our_write_rings(store: Store, bells: Bells) -> None:
    store.expect(WEB)
    store.heard(SERVICE, None, "ADDED", a_service(5))
    store.heard(SERVICE, None, "MODIFIED", a_service(6))
    store.replied(WEB, a_service(5))
    assert bells.rung == [(LINKS, "Service")]


def test_a_failed_write_does_not_hide_what_was_heard(store: Store, bells: Bells) -> None:
    store.expect(WEB)
    store.heard(SERVICE, None, "MODIFIED", a_service(6))
    store.replied(WEB, None)
    assert bells.rung == [(LINKS, "Service")]


def test_a_late_reply_does_not_bring_back_what_was_deleted(store: Store, bells: Bells) -> None:
    store.heard(SERVICE, None, "ADDED", a_service(5))
    store.heard(SERVICE, None, "DELETED", a_service(7))
    store.put(SERVICE, a_service(5))
    assert store.get(WEB) is None
    assert len(bells.rung) == 2


def test_what_a_list_lacks_is_gone_unless_we_wrote_it_later(store: Store, bells: Bells) -> None:
    store.heard(SERVICE, None, "ADDED", a_service(5, "old"))
    store.put(SERVICE, a_service(9, "new"))
    store.listed(SERVICE, None, [], 8)
    assert [one["metadata"]["name"] for one in store.owned(LINKS, {})] == ["new"]


def test_a_list_of_one_namespace_leaves_the_others_alone(store: Store) -> None:
    store.heard(SERVICE, "shop", "ADDED", a_service(5))
    store.listed(SERVICE, "other", [], 8)
    assert store.get(WEB) is not None


def test_a_child_that_changes_hands_rings_both(store: Store, bells: Bells) -> None:
    store.heard(SERVICE, None, "ADDED", a_service(5))
    bells.rung.clear()
    store.heard(SERVICE, None, "MODIFIED", a_service(6, owner="other"))
    assert bells.rung == [(LINKS, "Service"), (("shop", "Tiny", "other"), "Service")]
    assert store.owned(LINKS, {}) == []


def test_what_does_not_carry_our_labels_is_not_kept(store: Store) -> None:
    foreign: dict[str, Any] = {"metadata": {"name": "links-web", "namespace": "shop", "resourceVersion": "5"}}
    store.put(SERVICE, foreign)
    assert store.get(WEB) is None


def test_a_resource_of_ours_is_kept_whole_and_rings_itself(store: Store, bells: Bells) -> None:
    own: dict[str, Any] = {"metadata": {"name": "links", "namespace": "shop", "resourceVersion": "5"}, "spec": {}}
    store.heard(OWN, None, "ADDED", own)
    assert store.get(Ref(OWN, "shop", "links")) == own
    assert store.owned(LINKS, {}) == []
    assert bells.rung == [(LINKS, "Tiny")]


def test_a_bookmark_moves_nothing_but_the_version(store: Store, bells: Bells) -> None:
    store.heard(SERVICE, None, "BOOKMARK", {"metadata": {"resourceVersion": "50"}})
    store.put(SERVICE, a_service(5))
    assert len(store) == 0
    assert bells.rung == []
