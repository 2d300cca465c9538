from pathlib import Path

import pytest

from dev.build.binaries import crds_folder, folder
from dev.build.gosets import KIND
from dev.drivers.kind import CLUSTER, Kind
from dev.errors import DevError
from dev.places import Places


class Engine:
    """What kind knows of one machine, whoever asks."""

    def __init__(self) -> None:
        self.clusters: set[str] = set()


class OnPaper(Kind):
    """kind without a container."""

    def __init__(self, home: Path, engine: Engine) -> None:
        super().__init__(Places(home / "cache", home / "state"))
        self.engine = engine
        for built in (folder(self.places, KIND), crds_folder(self.places), self.places.state):
            built.mkdir(parents=True)

    def kind(self, *words: str, stdin: str | None = None, seconds: float = 0) -> str:
        if words[:2] == ("create", "cluster"):
            self.engine.clusters.add(CLUSTER)
        if words[:2] == ("delete", "cluster"):
            self.engine.clusters.discard(CLUSTER)
        return " ".join(self.engine.clusters) if words == ("get", "clusters") else "clusters: []"

    def is_up(self) -> bool:
        return self.path.exists()


def test_a_cluster_of_another_user_is_neither_made_anew_nor_ended(tmp_path: Path) -> None:
    engine = Engine()
    mine, theirs = OnPaper(tmp_path / "me", engine), OnPaper(tmp_path / "they", engine)
    theirs.up()
    with pytest.raises(DevError, match=f"not made from {mine.places.state}"):
        mine.up()
    mine.down()
    assert engine.clusters == {CLUSTER}
    theirs.down()
    mine.up()
    assert engine.clusters == {CLUSTER}


def test_half_a_cluster_of_ours_is_made_anew_and_ended(tmp_path: Path) -> None:
    mine = OnPaper(tmp_path, Engine())
    mine.up()
    mine.path.unlink()
    mine.up()
    assert mine.is_up()
    mine.down()
    assert mine.engine.clusters == set()
    assert not mine.is_ours()
