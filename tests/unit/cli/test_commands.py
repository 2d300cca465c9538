"""The commands that need no cluster, as a person runs them."""

import json
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner, Result

from toprope.cli.app import app

ROOT = Path(__file__).parents[3]
EXAMPLE = str(ROOT / "examples" / "links.yaml")
OURS = "apiVersion: toprope.dev/v1alpha1\nkind: ShortenerApp\n"
COMMANDS = [command.callback.__name__ for command in app.registered_commands if command.callback]


def run(*words: str, given: str | None = None, **environment: str) -> Result:
    return CliRunner().invoke(app, words, input=given, env={"COLUMNS": "200", "KUBECONFIG": "/none", **environment})


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_explains_itself_with_an_example(command: str) -> None:
    shown = run(command, "--help")
    assert shown.exit_code == 0
    assert "Example:" in shown.output


def test_the_checked_in_crds_are_fresh() -> None:
    assert run("crds", "--into", str(ROOT / "crds"), "--check").exit_code == 0, "run `make crds`"


def test_the_checked_in_rbac_is_fresh() -> None:
    rbac = ROOT / "dev" / "manifests" / "operator" / "rbac.yaml"
    assert run("rbac", "--into", str(rbac), "--check").exit_code == 0, "run `make crds`"


def test_the_checked_in_overview_is_fresh() -> None:
    overview = ROOT / "dev" / "manifests" / "operator" / "overview.yaml"
    shown = run("slo", "dashboard", "--config-map", "toprope-system", "--into", str(overview), "--check")
    assert shown.exit_code == 0, "run `make crds`"
    carried = yaml.safe_load(overview.read_text())
    assert carried["metadata"]["labels"] == {"grafana_dashboard": "1"}
    assert json.loads(carried["data"]["toprope-overview.json"])["title"] == "SLOs of every resource"


def test_a_stale_file_is_shown_with_what_differs_and_the_cure(tmp_path: Path) -> None:
    run("crds", "--into", str(tmp_path))
    stale = tmp_path / "toprope.dev_shortenerapps.yaml"
    stale.write_text(stale.read_text().replace("sapp", "sap"))
    checked = run("crds", "--into", str(tmp_path), "--check")
    assert checked.exit_code == 1
    assert "sapp" in checked.output
    assert "Run `toprope crds --into" in checked.output


@pytest.mark.parametrize("command", ["crds", "rbac"])
def test_there_is_nothing_to_check_without_a_file(command: str) -> None:
    assert run(command, "--check").exit_code == 1


def test_crds_are_printed_for_kubectl() -> None:
    kinds = {document["kind"] for document in yaml.safe_load_all(run("crds").stdout)}
    assert kinds == {"CustomResourceDefinition"}


def test_rbac_is_printed_for_a_list_of_namespaces() -> None:
    printed = list(yaml.safe_load_all(run("rbac", "--namespaces", "a, b").stdout))
    assert [one["metadata"]["namespace"] for one in printed] == ["a", "a", "b", "b"]


def test_the_example_is_rendered_with_what_waits_for_the_migration() -> None:
    kinds = [document["kind"] for document in yaml.safe_load_all(run("render", "-f", EXAMPLE).stdout)]
    assert {"Secret", "PersistentVolumeClaim", "StatefulSet", "Job", "HTTPRoute", "Deployment"} <= set(kinds)
    assert "HorizontalPodAutoscaler" in kinds


def test_rendering_speaks_json_and_reads_standard_input() -> None:
    shown = run("render", "-f", "-", "-o", "json", given=Path(EXAMPLE).read_text())
    assert {one["metadata"]["namespace"] for one in json.loads(shown.stdout)} == {"default"}


@pytest.mark.parametrize(
    ("sentence", "text", "why"),
    [
        ("no YAML", "{", "-: "),
        ("not ours", "kind: Pod\napiVersion: v1\n", "kind: Pod of v1 is not Toprope's"),
        (
            "a wrong field",
            "{apiVersion: toprope.dev/v1alpha1, kind: ShortenerApp, metadata: {name: a}, spec: {replicas: {min: 0}}}",
            "spec.replicas.min: ",
        ),
    ],
)
def test_what_cannot_be_rendered_is_refused_with_a_sentence(sentence: str, text: str, why: str) -> None:
    shown = run("render", "-f", "-", given=text)
    assert (shown.exit_code, why in shown.output) == (1, True)


def test_a_missing_file_is_a_sentence_too() -> None:
    shown = run("render", "-f", "nowhere.yaml")
    assert (shown.exit_code, "No such file" in shown.output) == (1, True)


@pytest.mark.parametrize("command", ["demo", "render"])
@pytest.mark.parametrize(
    ("sentence", "manifest", "why"),
    [
        ("another's kind", "apiVersion: apps/v1\nkind: Deployment\n", "kind: Deployment of apps/v1 is not Toprope's"),
        ("no metadata", OURS, "metadata.name: is missing"),
        ("no name", OURS + "metadata: {}\n", "metadata.name: is missing"),
        ("a name that is a number", OURS + "metadata: {name: 5}\n", "metadata.name: is missing"),
        ("metadata that are text", OURS + "metadata: links\n", "metadata.name: is missing"),
        ("text", "just text\n", "'just text' is no object"),
    ],
)
def test_what_is_no_resource_is_refused_in_a_sentence(command: str, sentence: str, manifest: str, why: str) -> None:
    told = run(command, "-f", "-", given=manifest)
    assert told.exit_code == 1
    assert why in told.output, sentence
    assert "Traceback" not in told.output
    assert isinstance(told.exception, SystemExit)


def test_a_demo_that_could_not_show_the_resource_does_not_begin(tmp_path: Path) -> None:
    told = run("demo", "-f", EXAMPLE, PATH=str(tmp_path), KUBECONFIG=str(tmp_path / "none"))
    assert told.exit_code == 1
    assert "kubectl is not on the PATH" in told.output
