"""What every command that reads SLOs from a file makes of the file: the same sentence, with its line."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.unit.cli.test_commands import OURS, run
from tests.unit.cli.test_plan import AVAILABLE, OWN, manifest
from tests.unit.cli.test_slo_import import SLOTH

COMMANDS: dict[str, tuple[str, ...]] = {
    "plan": ("plan", "--no-cluster", "-f", "-"),
    "render": ("render", "-f", "-"),
    "rules": ("slo", "rules", "-f", "-"),
    "prove": ("slo", "prove", "-f", "-"),
    "backtest": ("slo", "backtest", "--prometheus", "http://127.0.0.1:1", "-f", "-"),
    "dashboard": ("slo", "dashboard", "-f", "-"),
}
HEAD = f"{OURS}metadata: {{name: links}}\nspec:\n  slos:\n"
WRONG = f"""{HEAD}\
  - name: a
    objective: "99,9"
    availability: {{}}
    alerting: {{pages: false}}
"""
BROKEN = f"""{HEAD}\
  - {{name: a, objective: "99", availability: {{}}}}
  - {{name: b, objective: "99", ratio: {{bad: 'x{{a=~"(?x)b"}}', total: x}}}}
"""
TAKEN = r"""GET|(?i)post|\pL|\x{41}|a\z|(?P<n>a)|[[:alpha:]]"""


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_says_line_field_cause_and_cure(command: str) -> None:
    shown = run(*COMMANDS[command], given=WRONG)
    assert (shown.exit_code, shown.stdout) == (1, "")
    assert '-: line 7, spec.slos[0].objective: an objective is a percentage with six decimals at most, as "99.9"' in (
        shown.stderr
    )
    assert "-: line 9, spec.slos[0].alerting.pages: there is no such field: is page meant?" in shown.stderr


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("text", ["", "# nothing\n", "---\nnull\n"])
def test_an_empty_file_is_no_answer(command: str, text: str) -> None:
    shown = run(*COMMANDS[command], given=text)
    assert (shown.exit_code, "-: line 1: holds nothing: write a resource into it" in shown.stderr) == (1, True)


@pytest.mark.parametrize("command", ["plan", "rules", "prove", "backtest"])
def test_a_broken_slo_is_named_with_its_line(command: str) -> None:
    shown = run(*COMMANDS[command], given=BROKEN)
    assert shown.exit_code == 1
    assert "-: line 7, spec.slos[1]: ratio.bad 'x{a=~\"(?x)b\"}' is no PromQL: the regular" in shown.stderr


@pytest.mark.parametrize("command", ["plan", "rules", "render", "dashboard"])
def test_what_only_prometheus_understands_ends_no_command(command: str) -> None:
    slo = OWN | {"ratio": {"bad": f"x{{a=~`{TAKEN}`}}", "total": "x"}}
    shown = run(*COMMANDS[command], given=manifest(slo))
    assert (shown.exit_code, shown.stderr) == (0, ""), shown.output


def a_sloth(selector: str) -> str:
    return SLOTH.replace('ground_total{result="failed"}', selector)


def test_a_namespace_that_a_foreign_file_names_is_where_its_slos_are() -> None:
    text = a_sloth('ground_total{namespace="valley",a="b"}').replace(
        "(ground_total[", '(ground_total{namespace="valley"}['
    )
    shown = run("slo", "rules", "--from", "sloth", "-o", "json", "-f", "-", given=text)
    assert json.loads(shown.stdout)["groups"][0]["name"] == "valley/Service/mill/grinding"
    shown = run("slo", "rules", "--from", "sloth", "--namespace", "hill", "-f", "-", given=text)
    assert (shown.exit_code, "SLO grinding: ratio.bad" in shown.stderr, "that is hill" in shown.stderr) == (
        1,
        True,
        True,
    )


def test_a_foreign_file_of_two_namespaces_is_of_no_resource() -> None:
    text = a_sloth('ground_total{a="b"}').replace("(ground_total[", '(ground_total{namespace="valley"}[')
    second = text[text.index("- name") :].replace("grinding", "storing").replace("valley", "hill")
    shown = run("slo", "rules", "--from", "sloth", "-f", "-", given=text + second)
    assert (shown.exit_code, "speaks of the namespaces valley, hill" in shown.stderr) == (2, True)


def prove(folder: Path, *slos: dict[str, Any], only: str = "outage", promtool: str = "true") -> Any:
    words = ("slo", "prove", "-f", "-", "--only", only, "--out", str(folder))
    return run(*words, given=manifest(*slos), TOPROPE_PROMTOOL=promtool)


ALIKE = OWN | {"name": "alike", "ratio": {"bad": "jobs_total", "total": "jobs_total"}}
OFF = AVAILABLE | {"name": "off", "alerting": {"page": False, "ticket": False}}


def test_an_slo_without_a_proof_is_no_proof_that_holds(tmp_path: Path) -> None:
    shown = prove(tmp_path, AVAILABLE, ALIKE)
    assert (shown.exit_code, "1 proofs hold." in shown.stdout) == (1, True)
    why = "-: SLO alike: not proved: no counters were found that its selectors tell apart"
    assert why in shown.stderr
    alone = prove(tmp_path, ALIKE)
    assert (alone.exit_code, why in alone.stderr, "nothing to prove" in alone.stderr) == (1, True, False)


def test_without_alerts_there_is_nothing_to_prove(tmp_path: Path) -> None:
    shown = prove(tmp_path, OFF)
    assert (shown.exit_code, "There is nothing to prove: no SLO has an alert." in shown.stderr) == (2, True)
    shown = prove(tmp_path, OFF, AVAILABLE)
    assert (shown.exit_code, shown.stdout) == (0, "1 proofs hold.\n")
    assert "SLO off has no alert" in shown.stderr


def test_a_proof_that_fails_is_named(tmp_path: Path) -> None:
    shown = prove(tmp_path, AVAILABLE, promtool="false")
    assert (shown.exit_code, "1 of 1 proofs failed" in shown.stderr) == (1, True)


def test_without_promtool_the_tests_are_written(tmp_path: Path) -> None:
    words = ("slo", "prove", "-f", "-", "--only", "outage", "--out", str(tmp_path))
    shown = run(*words, given=manifest(AVAILABLE), TOPROPE_PROMTOOL="", PATH="")
    assert (shown.exit_code, "1 tests written" in shown.stderr) == (0, True)
    assert [path.name for path in sorted(tmp_path.rglob("*.yaml"))] == ["outage.yaml", "rules.yaml"]


def test_a_scenario_of_another_name_is_answered_with_the_names(tmp_path: Path) -> None:
    shown = prove(tmp_path, AVAILABLE, only="nothing")
    assert (shown.exit_code, "No scenario is called nothing; there are clean-past, outage" in shown.stderr) == (2, True)
