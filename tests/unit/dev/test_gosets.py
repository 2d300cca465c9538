from dev.build.gosets import EVERYTHING, FLOOR, GO_MODULES, KIND, STAGES, Stage, kubernetes_version


def test_every_module_is_locked_with_checksums() -> None:
    for module in {stage.module for stage in (*EVERYTHING, KIND)} | {"crds"}:
        assert (GO_MODULES / module / "go.sum").read_text().strip()


def test_a_stage_is_built_again_when_its_version_flags_change() -> None:
    control = FLOOR[1]
    other = Stage(control.name, control.module, control.tools, control.version_flags + " -X a=b", control.usual_seconds)
    assert other.key != control.key


def test_a_better_estimate_builds_nothing_again() -> None:
    control = FLOOR[1]
    assert Stage(control.name, control.module, control.tools, control.version_flags, 1).key == control.key


def test_kubernetes_knows_its_version() -> None:
    assert "gitVersion=v1.34.4" in kubernetes_version()
    assert "gitMinor=34" in kubernetes_version()


def test_no_binary_is_built_twice() -> None:
    names = [tool.name for stage in EVERYTHING for tool in stage.tools]
    assert len(names) == len(set(names))
    assert STAGES[: len(FLOOR)] == FLOOR
