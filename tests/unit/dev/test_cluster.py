"""Who may take the cluster of this machine, and what becomes of one that ended without `down`."""

from collections.abc import Callable
from pathlib import Path

import pytest

from dev import owner
from dev.cluster import Cluster
from dev.drivers.plain import Plain
from dev.errors import OwnedElsewhere
from dev.places import Places

MINE, OTHER = Path("/checkouts/mine"), Path("/checkouts/other")


class Living(Plain):
    """A node that runs, as far as anybody is told."""

    def lives(self) -> bool:
        return True

    def up(self) -> None:
        raise AssertionError("somebody else's cluster was worked on")

    down = up


class Ended(Plain):
    """No node, but what one left behind; the way up ends where the node would start."""

    def up(self) -> None:
        raise KeyboardInterrupt

    def down(self) -> None:
        self.node.forget()  # and no control groups: they belong to the machine's real cluster


def wreck(places: Places) -> Path:
    """What is left of MINE's cluster after its processes were ended."""
    owner.claim(places.state, MINE)
    data = places.state / "node" / "etcd"
    data.mkdir()
    return data


@pytest.fixture
def places(tmp_path: Path) -> Places:
    (tmp_path / "state" / "node").mkdir(parents=True)
    return Places(cache=tmp_path / "cache", state=tmp_path / "state")


@pytest.mark.parametrize("command", [Cluster.up, Cluster.down])
def test_a_cluster_that_runs_is_left_to_its_checkout(places: Places, command: Callable[[Cluster], None]) -> None:
    owner.claim(places.state, MINE)
    with pytest.raises(OwnedElsewhere):
        command(Cluster(places, Living(places), OTHER))
    assert owner.owner(places.state) == MINE


def test_what_is_left_of_anothers_cluster_is_cleared_before_ones_own(places: Places) -> None:
    left = wreck(places)
    with pytest.raises(KeyboardInterrupt):
        Cluster(places, Ended(places), OTHER).up()
    assert not left.exists()
    assert owner.owner(places.state) == OTHER


def test_ones_own_is_resumed(places: Places) -> None:
    left = wreck(places)
    with pytest.raises(KeyboardInterrupt):
        Cluster(places, Ended(places), MINE).up()
    assert left.exists()


def test_anybody_may_clear_what_nobody_runs(places: Places) -> None:
    left = wreck(places)
    Cluster(places, Ended(places), OTHER).down()
    assert not left.exists()
    assert owner.owner(places.state) is None


def test_what_a_killed_down_has_begun_to_delete_is_not_resumed_and_goes_with_the_next(places: Places) -> None:
    half = places.state / "node.gone" / "etcd"
    half.mkdir(parents=True)
    left = wreck(places)
    Cluster(places, Ended(places), MINE).down()
    assert not left.parent.exists()
    assert not half.parent.exists()
