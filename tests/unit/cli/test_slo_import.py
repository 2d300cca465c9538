"""`toprope slo import`, and the commands that read the same files directly."""

import json
from pathlib import Path

import pytest
import yaml

from tests.unit.cli.test_commands import EXAMPLE, run

SLOTH = """
version: prometheus/v1
service: mill
slos:
- name: grinding
  objective: 99.5
  sli:
    events:
      error_query: sum(rate(ground_total{result="failed"}[{{.window}}]))
      total_query: sum(rate(ground_total[{{.window}}]))
"""
OURS = {
    "name": "grinding",
    "objective": "99.5",
    "window": "30d",
    "ratio": {"bad": 'ground_total{result="failed"}', "total": "ground_total"},
}


def test_import_prints_a_fragment_and_tells_the_rest() -> None:
    shown = run("slo", "import", "--from", "sloth", "-", given=SLOTH)
    assert (shown.exit_code, yaml.safe_load(shown.stdout)) == (0, {"spec": {"slos": [OURS]}})
    assert "-: line 3, service: is not carried over" in shown.stderr


def test_import_speaks_to_machines() -> None:
    shown = run("slo", "import", "--from", "sloth", "-o", "json", "-", given=SLOTH)
    assert json.loads(shown.stdout) == {"spec": {"slos": [OURS]}}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (SLOTH.replace("99.5", "100"), "line 6, slos[0].objective: 100 must lie between 0 and 100"),
        (SLOTH.replace("sum(", "'"), "line 10: is no YAML"),
        ("", "line 1: holds nothing: write SLOs into it"),
        ("version: prometheus/v1\nslos: []", "line 2, slos: is empty: write at least one"),
        (SLOTH.replace("sum(", "max("), "nothing of it can be carried over"),
    ],
)
def test_a_file_that_gives_nothing_ends_with_a_sentence(text: str, why: str) -> None:
    shown = run("slo", "import", "--from", "sloth", "-", given=text)
    assert (shown.exit_code, why in shown.stderr, shown.stdout) == (1, True, ""), shown.output


def test_a_file_that_is_no_text_ends_with_a_sentence(tmp_path: Path) -> None:
    tmp_path.joinpath("slos").write_bytes(b"\xff\xfe\xff")
    shown = run("slo", "import", "--from", "sloth", f"{tmp_path}/slos")
    assert (shown.exit_code, "can't decode" in shown.stderr) == (1, True)


def rule_labels(*options: str, text: str = SLOTH) -> dict[str, str]:
    shown = run("slo", "rules", "--from", "sloth", "-f", "-", *options, given=text)
    labels: dict[str, str] = yaml.safe_load(shown.stdout)["groups"][0]["rules"][1]["labels"]
    return labels


def test_rules_of_a_foreign_file_stand_in_a_namespace_under_a_name() -> None:
    assert rule_labels() == {"namespace": "default", "kind": "Service", "name": "mill", "slo": "grinding"}
    named = rule_labels("--namespace", "valley", "--name", "water-mill")
    assert (named["namespace"], named["name"]) == ("valley", "water-mill")


@pytest.mark.parametrize(
    ("options", "text", "why"),
    [
        (["--from", "sloth"], SLOTH.replace("service: mill\n", ""), "say by --name whose SLOs they are"),
        (["--from", "sloth", "--name", 'a"b'], SLOTH, '--name a"b: lower-case letters'),
        (["--from", "sloth", "--namespace", "A"], SLOTH, "--namespace A: lower-case letters"),
        (["--name", "mill"], Path(EXAMPLE).read_text(encoding="utf-8"), "--namespace and --name go with --from"),
    ],
)
def test_whose_slos_they_are_must_be_clear(options: list[str], text: str, why: str) -> None:
    shown = run("slo", "rules", "-f", "-", *options, given=text)
    assert (shown.exit_code, why in shown.stderr) == (2, True), shown.output


def test_prove_reads_the_same_files(tmp_path: Path) -> None:
    words = ("slo", "prove", "--from", "sloth", "-f", "-", "--only", "outage", "--out", f"{tmp_path}")
    shown = run(*words, given=SLOTH, TOPROPE_PROMTOOL="true")
    rules = yaml.safe_load((tmp_path / "default" / "mill" / "grinding" / "rules.yaml").read_text(encoding="utf-8"))
    assert (shown.exit_code, rules["groups"][0]["name"]) == (0, "default/Service/mill/grinding")
