"""Our own kinds in the store: kopf's watch tells of them, for all namespaces; now and then they are listed, for one."""

from typing import Any

import pytest

from toprope.core.objects import ApiResource, Ref
from toprope.io.store import Owner, Store

OWN = ApiResource("toprope.dev", "v1alpha1", "tinies", "Tiny")
LINKS = Ref(OWN, "shop", "links")


@pytest.fixture
def rung() -> list[Owner]:
    return []


@pytest.fixture
def store(rung: list[Owner]) -> Store:
    made = Store(lambda owner, why: rung.append(owner), [], [OWN])
    made.heard(OWN, None, "ADDED", a_tiny(3))
    rung.clear()
    return made


def a_tiny(version: int) -> dict[str, Any]:
    metadata = {"name": "links", "namespace": "shop", "resourceVersion": str(version)}
    return {"apiVersion": OWN.api_version, "kind": OWN.kind, "metadata": metadata}


def test_what_a_list_lacks_is_forgotten_and_its_keeper_is_rung(store: Store, rung: list[Owner]) -> None:
    store.listed(OWN, "shop", [], 7)
    assert store.get(LINKS) is None
    assert rung == [("shop", "Tiny", "links")]


def test_a_list_does_not_bring_back_what_the_watch_has_seen_go(store: Store) -> None:
    store.heard(OWN, None, "DELETED", a_tiny(9))
    store.listed(OWN, "shop", [a_tiny(3)], 7)
    assert store.get(LINKS) is None


def test_a_write_that_found_nothing_ends_what_was_known_then(store: Store, rung: list[Owner]) -> None:
    store.gone(LINKS, 3)
    assert store.get(LINKS) is None
    assert rung == [("shop", "Tiny", "links")]


def test_a_write_that_found_nothing_says_nothing_of_what_was_made_later(store: Store) -> None:
    store.heard(OWN, None, "ADDED", a_tiny(5))
    store.gone(LINKS, 3)
    assert store.get(LINKS) is not None
