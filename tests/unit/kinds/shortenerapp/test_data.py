"""Data and credentials: made once, adopted, grown, and said good-bye to."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.support.shorteners import (
    CLOUD_NATIVE_PG,
    EXTERNAL,
    NOW,
    Paper,
    Spoiling,
    a_shortener,
    changed,
    condition,
    secret_changed,
    settled,
    with_spec,
    without,
)
from toprope.cli.paper import PaperCluster
from toprope.core.decision import Amend, CreateOnce, Decision, Delete, Tell
from toprope.core.names import DATA, OWNER_NAME
from toprope.core.objects import Manifest
from toprope.io.nobody import no_sources
from toprope.serving.decide import decide
from toprope.serving.farewell import farewell
from toprope.serving.observe import observe
from toprope.serving.reasons import Reason

SMALL, SEEN = settled()
LARGER = with_spec(SMALL, {"database": {"embedded": {"storage": "2Gi"}}})
CLAIM = ("PersistentVolumeClaim", "links-database")


def made(decision: Decision) -> list[str]:
    return [f"{one.manifest['kind']} {one.manifest['metadata']['name']}" for one in decision.actions
            if isinstance(one, CreateOnce)]  # fmt: skip


def amends(decision: Decision) -> list[Amend]:
    return [one for one in decision.actions if isinstance(one, Amend)]


def is_trouble(decision: Decision) -> bool:
    """What is said of the storage."""
    return next(one.is_trouble for one in decision.conditions if one.type == "StorageGrown")


@pytest.mark.parametrize(
    ("spec", "first"),
    [
        ({}, ["Secret links-credentials", "PersistentVolumeClaim links-database"]),
        (CLOUD_NATIVE_PG, ["Secret links-credentials", "Secret links-owner-login", "Secret links-app-login",
                           "Cluster links-database"]),
        (EXTERNAL, ["Secret links-credentials"]),
    ],
)  # fmt: skip
def test_credentials_are_made_before_the_data(spec: dict[str, Any], first: list[str]) -> None:
    assert made(Paper(a_shortener(spec)).pass_once())[: len(first)] == first


def test_nothing_is_made_twice() -> None:
    assert made(decide(SMALL, SEEN, NOW)) == []


def test_a_claim_without_a_pass_behind_it_is_made_for_the_credentials_that_are_there() -> None:
    assert made(decide(SMALL, without(*CLAIM)(SEEN), NOW)) == ["PersistentVolumeClaim links-database"]


def test_a_secret_of_the_name_that_is_not_ours_is_asked_for_so_that_the_refusal_names_its_owner() -> None:
    foreign = secret_changed("links-credentials", {"metadata": {"labels": None}})
    assert made(decide(SMALL, foreign(SEEN), NOW)) == ["Secret links-credentials"]


@pytest.mark.parametrize("role", ["app", "owner"])
@pytest.mark.parametrize("left", [None, {"data": {"password": None}}])
def test_a_lost_login_of_a_cluster_is_a_lost_credential(role: str, left: dict[str, Any] | None) -> None:
    resource, seen = settled(CLOUD_NATIVE_PG)
    decision = decide(resource, secret_changed(f"links-{role}-login", left)(seen), NOW)
    said = condition(decision, "DataPresent")
    assert said[:2] == ("False", Reason.CREDENTIALS_LOST)
    assert f"Secret links-{role}-login lacks password" in said[2]
    assert decision.actions == ()


@pytest.mark.parametrize(
    ("left", "words"),
    [(None, "lacks api-key, and your database knows"), ({"data": {"api-key": None}}, "lacks api-key"), ({}, "")],
)
def test_a_database_of_the_users_that_knows_a_key_is_given_no_other(left: dict[str, Any] | None, words: str) -> None:
    resource, seen = settled(EXTERNAL, my_database=["owner-uri", "app-uri"], my_cache=["uri"])
    decision = decide(resource, secret_changed("links-credentials", left)(seen), NOW)
    said = condition(decision, "DataPresent")
    assert said[:2] == (("False", Reason.CREDENTIALS_LOST) if words else ("True", Reason.DATA_ELSEWHERE))
    assert words in said[2]
    assert (decision.actions == ()) is bool(words)


def test_a_key_that_no_database_of_the_users_knows_is_made_anew() -> None:
    paper = Paper(a_shortener(EXTERNAL))
    paper.pass_once()
    lost = secret_changed("links-credentials", None)(paper.seen())
    assert made(decide(paper.resource, lost, NOW)) == ["Secret links-credentials"]


def beside(kept: Any) -> Spoiling:
    """Data that an earlier spec left."""
    key = (kept["kind"], kept["metadata"]["name"])
    return lambda seen: replace(seen, children={**seen.children, key: kept})


def test_a_claim_of_an_earlier_embedded_database_holds_up_no_cluster() -> None:
    resource, seen = settled(CLOUD_NATIVE_PG)
    kept = beside(SEEN.children[CLAIM])
    none = without("Cluster", "links-database")(secret_changed("links-app-login", None)(seen))
    assert made(decide(resource, kept(none), NOW)) == ["Secret links-app-login", "Cluster links-database"]
    told = condition(decide(resource, kept(seen), NOW), "DataPresent")
    assert told[:2] == ("True", Reason.DATA_KEPT)
    assert "PersistentVolumeClaim links-database of an earlier embedded database is kept beside it" in told[2]


def test_a_kept_claim_whose_credentials_are_lost_is_told_whatever_the_spec_says() -> None:
    resource, seen = settled(CLOUD_NATIVE_PG)
    none = without("Cluster", "links-database")(secret_changed("links-credentials", None)(seen))
    said = condition(decide(resource, beside(SEEN.children[CLAIM])(none), NOW), "DataPresent")
    assert said[:2] == ("False", Reason.CREDENTIALS_LOST)
    assert "delete persistentvolumeclaims,secrets -l" in said[2]


def test_logins_are_made_while_there_is_no_cluster_yet() -> None:
    resource, seen = settled(CLOUD_NATIVE_PG)
    none = without("Cluster", "links-database")(secret_changed("links-app-login", None)(seen))
    assert made(decide(resource, none, NOW)) == ["Secret links-app-login", "Cluster links-database"]


def test_a_claim_is_asked_to_grow_once() -> None:
    decision = decide(LARGER, SEEN, NOW)
    assert amends(decision)[0].patch == {"spec": {"resources": {"requests": {"storage": "2Gi"}}}}
    assert amends(decision)[0].refusable
    assert condition(decision, "StorageGrown")[:2] == ("False", Reason.STORAGE_GROWING)
    assert not is_trouble(decision)
    assert decision.status["growth"] == {"asked": "2Gi", "askedAt": "2026-01-01T12:00:00Z"}


@pytest.mark.parametrize(("minutes", "asks"), [(1, 0), (10, 1)])
def test_a_refusal_to_grow_is_said_and_asked_again_later(minutes: int, asks: int) -> None:
    status = LARGER.status.model_validate(decide(LARGER, SEEN, NOW).status)
    later = decide(replace(LARGER, status=status), SEEN, NOW + timedelta(minutes=minutes))
    assert len(amends(later)) == asks
    said = condition(later, "StorageGrown")
    assert said[:2] == ("False", Reason.STORAGE_REFUSED)
    assert "allowVolumeExpansion" in said[2]
    assert is_trouble(later)
    assert condition(later, "Ready")[0] == "True"


@pytest.mark.parametrize(
    ("status", "stated"),
    [
        ({"capacity": {"storage": "1Gi"}}, "Claim links-database grows from 1Gi to 2Gi."),
        ({"capacity": {"storage": "1Gi"}, "conditions": [{"message": "waits for a pod"}]}, "says: waits for a pod"),
        ({"capacity": {"storage": "2Gi"}}, ""),
        ({"capacity": None}, ""),
    ],
)
def test_growing_takes_its_time(status: dict[str, Any], stated: str) -> None:
    grown: Spoiling = changed(*CLAIM, {"spec": {"resources": {"requests": {"storage": "2Gi"}}}, "status": status})
    decision = decide(LARGER, grown(SEEN), NOW)
    told = [one.message for one in decision.conditions if one.type == "StorageGrown"]
    assert stated in "".join(told)
    assert bool(told) == bool(stated)
    assert amends(decision) == []


@pytest.mark.parametrize(
    ("spec", "patch"),
    [
        ({"instances": 3}, {"instances": 3, "storage": {"size": "5Gi"}}),
        ({"storage": "8Gi"}, {"instances": 2, "storage": {"size": "8Gi"}}),
        ({"storage": "1Gi"}, None),
    ],
)
def test_a_cluster_of_cloud_native_pg_grows(spec: dict[str, Any], patch: dict[str, Any] | None) -> None:
    resource, seen = settled(CLOUD_NATIVE_PG)
    decision = decide(with_spec(resource, {"database": {"cloudNativePG": spec}}), seen, NOW)
    assert [one.patch for one in amends(decision)] == ([{"spec": patch}] if patch else [])


def leaves(resource: Any, seen: Any) -> tuple[list[str], list[Tell]]:
    actions = farewell(resource, seen, NOW).actions
    gone = [str(one.ref) for one in actions if isinstance(one, Delete)]
    return gone, [one for one in actions if isinstance(one, Tell)]


def test_a_farewell_says_where_the_data_stays() -> None:
    gone, told = leaves(SMALL, SEEN)
    assert gone == []
    assert told[0].reason == Reason.DATA_STAYS
    assert "PersistentVolumeClaim links-database and Secret links-credentials stay in namespace default" in (
        told[0].message
    )
    assert "kubectl -n default delete persistentvolumeclaims,secrets -l toprope.dev/data," in told[0].message


def test_a_farewell_to_a_cluster_names_its_api() -> None:
    resource, seen = settled(CLOUD_NATIVE_PG)
    assert "clusters.postgresql.cnpg.io,secrets" in leaves(resource, seen)[1][0].message


def test_reclaim_delete_takes_the_data_first_and_then_its_credentials() -> None:
    doomed = with_spec(SMALL, {"database": {"embedded": {"reclaim": "Delete"}}})
    gone, told = leaves(doomed, SEEN)
    assert gone == ["PersistentVolumeClaim default/links-database", "Secret default/links-credentials"]
    assert told[0].reason == Reason.DATA_DELETED


def test_reclaim_delete_leaves_a_cluster_of_an_earlier_spec_with_its_credentials() -> None:
    doomed = with_spec(SMALL, {"database": {"embedded": {"reclaim": "Delete"}}})
    cluster = settled(CLOUD_NATIVE_PG)[1].children["Cluster", "links-database"]
    gone, told = leaves(doomed, beside(cluster)(SEEN))
    assert gone == ["PersistentVolumeClaim default/links-database"]
    assert [one.reason for one in told] == [Reason.DATA_DELETED, Reason.DATA_STAYS]
    assert "Cluster links-database and Secret links-credentials stay" in told[1].message


def test_a_farewell_leaves_other_peoples_secrets_alone() -> None:
    resource, seen = settled(EXTERNAL, my_database=["owner-uri", "app-uri"], my_cache=["uri"])
    assert "my-" not in leaves(resource, seen)[1][0].message


@pytest.mark.parametrize("owner", ["other", "links"])
def test_a_farewell_never_takes_the_credentials_that_a_spec_names(owner: str) -> None:
    """Neither another resource's nor, by its labels, what looks like our own."""
    spec = {"database": {"embedded": {"reclaim": "Delete"}}, "cache": {"external": {"secretRef": {"name": "theirs"}}}}
    resource, seen = settled(spec, theirs=["uri"])
    marked = {"labels": {**resource.labels, OWNER_NAME: owner, DATA: "credentials"}}
    gone, _ = leaves(resource, secret_changed("theirs", {"metadata": marked})(seen))
    assert gone == ["PersistentVolumeClaim default/links-database", "Secret default/links-credentials"]


def test_a_farewell_leaves_a_secret_of_our_name_with_another_owner() -> None:
    doomed = with_spec(SMALL, {"database": {"embedded": {"reclaim": "Delete"}}})
    theirs = secret_changed("links-credentials", {"metadata": {"labels": {OWNER_NAME: "other"}}})
    assert leaves(doomed, theirs(SEEN))[0] == ["PersistentVolumeClaim default/links-database"]


def test_nothing_to_keep_is_nothing_to_say() -> None:
    assert leaves(SMALL, secret_changed("links-credentials", None)(without(*CLAIM)(SEEN))) == ([], [])


class Behind(PaperCluster):
    """Its watches have yet to tell of any claim or cluster."""

    def children(self, namespace: str, labels: Mapping[str, str]) -> Sequence[Manifest]:
        late = ("PersistentVolumeClaim", "Cluster")
        return [one for one in super().children(namespace, labels) if one["kind"] not in late]


@pytest.mark.parametrize("spec", [{"database": {"embedded": {"reclaim": "Delete"}}}, CLOUD_NATIVE_PG])
def test_a_farewell_knows_of_data_that_no_watch_has_told_of(spec: dict[str, Any]) -> None:
    paper = Paper(a_shortener(spec)).settle()
    last = replace(paper.resource, deleting=True)
    behind = Behind()
    behind.objects = paper.cluster.objects
    assert leaves(last, asyncio.run(observe(last, behind, no_sources(NOW)))) == leaves(last, paper.seen())


def test_the_data_of_a_resource_that_stays_costs_no_request() -> None:
    paper = Paper(a_shortener()).settle()
    behind = Behind()
    behind.objects = paper.cluster.objects
    assert CLAIM not in asyncio.run(observe(paper.resource, behind, no_sources(NOW))).children
