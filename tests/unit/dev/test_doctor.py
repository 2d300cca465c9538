import dataclasses
from pathlib import Path

import pytest

from dev.build.gosets import EVERYTHING, FLOOR, KIND, STAGES
from dev.doctor import Disk, Report, Seen, cleared, examined, for_cluster, for_tests, report, told
from dev.errors import Missing
from dev.places import Places

READY = Seen(
    linux=True,
    root=True,
    debian=True,
    engine=False,
    driver="plain",
    python="3.11.7",
    packages_missing=(),
    downloads_missing=(),
    stages_missing=(),
    usual_seconds=0,
    base_missing=False,
    images_missing=False,
    disks=(Disk("/here", 50.0, ("builds", "images", "node", "state")),),
    cgroups_writable=True,
)
FRESH = dataclasses.replace(
    READY,
    packages_missing=("containerd", "runc"),
    downloads_missing=("prometheus",),
    stages_missing=("etcd", "kubelet"),
    usual_seconds=400,
    base_missing=True,
    images_missing=True,
)


BARE = dataclasses.replace(READY, debian=False, packages_missing=("runc",))
UNFETCHED = dataclasses.replace(READY, debian=False, downloads_missing=("prometheus",))
MADE = dataclasses.replace(READY, images_missing=True)
"""The base system is there, and the images that stand on it are not."""
SMALL = Disk("/here", 5.0, ("builds", "images", "node", "state"))
HERE = Disk("/here", 50.0, ("builds", "images", "state"))
ROOMY = Disk("/here", 50.0, ("builds", "images", "node"))
NODE = Disk("/node", 1.0, ("node",))
STATE = Disk("/state", 1.0, ("state",))


def states(found: Report) -> dict[str, str]:
    return {each.subject: each.state for each in found.findings}


def test_a_machine_that_has_everything_has_no_blocker() -> None:
    assert set(states(report(READY)).values()) == {"there"}
    assert report(READY).document()["ok"] is True


def test_a_fresh_debian_machine_is_told_what_will_be_installed_and_how_long_it_takes() -> None:
    found = report(FRESH)
    assert states(found)["packages"] == "will be installed"
    assert states(found)["downloads"] == "will be fetched"
    assert states(found)["binaries"] == "will be built"
    assert not found.blockers
    assert "about 7 min" in told(found)


@pytest.mark.parametrize(
    ("sentence", "seen", "subject", "word"),
    [
        ("nobody but root can make a node", dataclasses.replace(READY, root=False), "cluster", "Docker engine"),
        ("another system needs Docker", dataclasses.replace(READY, linux=False), "cluster", "Docker engine"),
        ("kind needs an engine", dataclasses.replace(READY, driver="kind"), "cluster", "start one"),
        ("cgroups must be ours to make", dataclasses.replace(READY, cgroups_writable=False), "cluster", "root"),
        ("without apt a person installs", BARE, "packages", "package manager"),
        ("nor is anything fetched", UNFETCHED, "downloads", "Docker"),
        ("disk is checked before the build", dataclasses.replace(FRESH, disks=(SMALL,)), "disk", "XDG_CACHE_HOME"),
        ("each disk has its own need", dataclasses.replace(FRESH, disks=(ROOMY, STATE)), "disk", "XDG_STATE_HOME"),
        ("images are unpacked as well", dataclasses.replace(MADE, disks=(NODE, HERE)), "disk", "XDG_CACHE_HOME"),
    ],
)
def test_what_stands_in_the_way_is_named_with_its_cure(sentence: str, seen: Seen, subject: str, word: str) -> None:
    found = report(seen)
    assert [each.subject for each in found.blockers] == [subject], sentence
    assert word in found.blockers[0].cure
    assert word in told(found)


def test_where_a_docker_engine_answers_kind_is_taken_and_root_is_not_needed() -> None:
    found = report(dataclasses.replace(READY, engine=True, driver="kind", root=False, linux=False))
    assert found.driver == "kind"
    assert not found.blockers


def test_with_an_engine_and_without_apt_the_demo_lacks_nothing() -> None:
    beside_docker = dataclasses.replace(FRESH, engine=True, driver="kind", debian=False, packages_missing=())
    found = report(beside_docker)
    assert not found.blockers
    assert states(found)["downloads"] == "not there"
    assert "Docker fetches Alertmanager" in told(found)


def test_who_asks_for_the_plain_driver_gets_it_beside_an_engine_too() -> None:
    seen = dataclasses.replace(READY, engine=True)
    assert report(seen).driver == "plain"
    assert "TOPROPE_DRIVER asks for it" in told(report(seen))
    assert [each.subject for each in report(dataclasses.replace(seen, root=False)).blockers] == ["cluster"]


def test_beside_an_engine_the_tests_still_need_a_control_plane() -> None:
    assert for_cluster("kind") == (KIND, *for_cluster("plain")[len(STAGES) :])
    assert for_tests("kind") == (*FLOOR, *for_cluster("kind"))
    assert for_tests("plain") == for_cluster("plain") == EVERYTHING


def test_what_is_built_is_what_is_asked_about(tmp_path: Path) -> None:
    places = Places(tmp_path / "cache", tmp_path / "state")
    seen = examined(places, lambda driver: FLOOR, cluster=False)
    assert seen.stages_missing == ("etcd", "kube-apiserver", "kube-controller-manager")
    assert not seen.base_missing
    assert [disk.holds for disk in seen.disks] == [("builds", "images", "node", "state")]


def test_a_build_needs_more_disk_than_a_start() -> None:
    assert report(FRESH).needed_gib > report(READY).needed_gib + 5


def test_before_anything_long_it_is_said_what_comes() -> None:
    assert cleared(report(READY)) == ""
    coming = cleared(report(FRESH))
    assert "binaries will be built: etcd, kubelet (about 7 min on two cores)" in coming
    assert "50.0 GiB free at /here" in coming


def test_nothing_is_started_on_a_disk_that_is_too_small() -> None:
    full = report(dataclasses.replace(FRESH, disks=(SMALL,)))
    with pytest.raises(Missing, match=r"disk: .* 5\.0 GiB free at /here"):
        cleared(full, "disk")


def test_a_build_alone_asks_for_disk_only() -> None:
    assert cleared(report(dataclasses.replace(READY, root=False)), "disk") == ""
