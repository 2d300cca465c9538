from pathlib import Path

import pytest

from dev import owner
from dev.errors import DevError, OwnedElsewhere

MINE, OTHER = Path("/checkouts/mine"), Path("/checkouts/other")


def test_the_same_checkout_may_come_back(tmp_path: Path) -> None:
    owner.claim(tmp_path, MINE)
    owner.claim(tmp_path, MINE)
    assert owner.owner(tmp_path) == MINE


def test_a_second_checkout_is_refused_with_the_owner_and_the_cure(tmp_path: Path) -> None:
    owner.claim(tmp_path, MINE)
    with pytest.raises(OwnedElsewhere, match="belongs to the checkout /checkouts/mine") as refusal:
        owner.claim(tmp_path, OTHER)
    assert "make down" in refusal.value.cure
    assert owner.owner(tmp_path) == MINE


def test_after_a_release_anybody_may_have_it(tmp_path: Path) -> None:
    owner.claim(tmp_path, MINE)
    owner.release(tmp_path)
    owner.release(tmp_path)
    owner.claim(tmp_path, OTHER)
    assert owner.owner(tmp_path) == OTHER


def test_without_a_cluster_nobody_is_refused(tmp_path: Path) -> None:
    owner.refuse_others(tmp_path, MINE)
    assert owner.owner(tmp_path) is None


def test_one_command_at_a_time_works_on_the_cluster(tmp_path: Path) -> None:
    with owner.command_lock(tmp_path), pytest.raises(DevError, match="at work"), owner.command_lock(tmp_path):
        pass
    with owner.command_lock(tmp_path):
        pass
