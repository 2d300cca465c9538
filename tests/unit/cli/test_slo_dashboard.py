"""`toprope slo dashboard`, as a person runs it, and the dashboard of a kind that has one."""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
import yaml

from tests.support.dashboards import GOLDEN, of_links
from tests.unit.cli.test_commands import EXAMPLE, run
from toprope.cli.rendering import NotRenderable
from toprope.cli.slo.app import slo
from toprope.cli.slo.dashboard import dashboard_of
from toprope.core.resource import Resource
from toprope.kinds import KINDS
from toprope.slo.rule_sets import RuleSet

SECRET = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "own"}}
APP = {"apiVersion": "toprope.dev/v1alpha1", "kind": "ShortenerApp", "metadata": {"name": "links"}}


def titled(resource: Resource, found: Sequence[RuleSet]) -> dict[str, Any]:
    return of_links([]) | {"title": resource.name}


COMMANDS = [one.name or one.callback.__name__ for one in slo.registered_commands if one.callback]


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_explains_itself_with_an_example(command: str) -> None:
    shown = run("slo", command, "--help")
    assert (shown.exit_code, "Example:" in shown.output) == (0, True)


def test_without_a_resource_it_is_the_overview() -> None:
    assert json.loads(run("slo", "dashboard").stdout) == GOLDEN["overview"]


def test_a_secret_in_the_same_file_is_no_resource() -> None:
    kinds = [replace(kind, dashboard=titled) for kind in KINDS]
    assert dashboard_of([SECRET, APP], kinds)["title"] == "links"


@pytest.mark.parametrize(
    ("documents", "why"),
    [([], "holds 0 resources"), ([APP, APP], "holds 2 resources")],
)
def test_what_has_no_dashboard_says_why(documents: list[dict[str, Any]], why: str) -> None:
    with pytest.raises(NotRenderable, match=why):
        dashboard_of(documents, KINDS)


def test_a_refusal_names_the_file() -> None:
    shown = run("slo", "dashboard", "-f", "-", given=yaml.safe_dump_all([APP, APP]))
    assert (shown.exit_code, "-: holds 2 resources" in shown.output) == (1, True)
    assert run("slo", "dashboard", "-f", f"{EXAMPLE}.missing").exit_code == 1
