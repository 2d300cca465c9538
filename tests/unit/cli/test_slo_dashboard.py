"""`toprope slo dashboard`, as a person runs it, and the dashboard of a kind that has one."""

import json

import pytest
import yaml

from tests.support.dashboards import GOLDEN
from tests.unit.cli.test_commands import EXAMPLE, run
from toprope.cli.slo.app import slo

SECRET = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "own"}}
APP = {"apiVersion": "toprope.dev/v1alpha1", "kind": "ShortenerApp", "metadata": {"name": "links"}}


COMMANDS = [one.name or one.callback.__name__ for one in slo.registered_commands if one.callback]


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_explains_itself_with_an_example(command: str) -> None:
    shown = run("slo", command, "--help")
    assert (shown.exit_code, "Example:" in shown.output) == (0, True)


def test_without_a_resource_it_is_the_overview() -> None:
    assert json.loads(run("slo", "dashboard").stdout) == GOLDEN["overview"]


def test_a_secret_in_the_same_file_is_no_resource() -> None:
    shown = run("slo", "dashboard", "-f", "-", given=yaml.safe_dump_all([SECRET, APP]))
    assert (shown.exit_code, "links" in json.loads(shown.stdout)["title"]) == (0, True)


def test_a_refusal_names_the_file() -> None:
    shown = run("slo", "dashboard", "-f", "-", given=yaml.safe_dump_all([APP, APP]))
    assert (shown.exit_code, "-: holds 2 resources" in shown.output) == (1, True)
    assert run("slo", "dashboard", "-f", f"{EXAMPLE}.missing").exit_code == 1
