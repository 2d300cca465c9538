"""What Grafana would be given. After a change on purpose: python -m tests.support.dashboards <the folder golden>."""

import itertools
import json
import re
from pathlib import Path
from typing import Any

import promql_parser
import pytest
from grafana_foundation_sdk.models import units

from tests.support.dashboards import AVAILABLE, COUNTED, FAST, GOLDEN, KIND, MODEST, NAME, of_links, ruled
from toprope.slo import rules
from toprope.slo.dashboards.config_map import config_map, packed
from toprope.slo.dashboards.frame import as_json
from toprope.slo.dashboards.promql import EXPERIMENT
from toprope.slo.dashboards.queries import marks, queries
from toprope.slo.dashboards.resource import of_resource, uid
from toprope_kit.metrics import Health, page
from toprope_kit.service import Service

FOLDER = Path(__file__).parent / "golden"
DASHBOARDS = GOLDEN | {
    "without SLOs": of_links([]),
    "without alerts": of_links([ruled(AVAILABLE, severities=())]),
    "with as many SLOs as there may be": of_links(
        [ruled(AVAILABLE.model_copy(update={"name": f"slo-{index}"})) for index in range(16)]
    ),
}
EACH = pytest.mark.parametrize("dashboard", DASHBOARDS.values(), ids=DASHBOARDS)


def panel(dashboard: dict[str, Any], title: str) -> dict[str, Any]:
    [found] = [one for one in dashboard["panels"] if one["title"] == title]
    return dict(found)


@pytest.mark.parametrize("name", GOLDEN)
def test_a_dashboard_is_what_it_was(name: str) -> None:
    assert as_json(GOLDEN[name]) == (FOLDER / f"{name}.json").read_text(encoding="utf-8")


@EACH
def test_each_panel_says_what_it_shows_in_which_unit_and_asks_the_chosen_source(dashboard: dict[str, Any]) -> None:
    known = {unit for unit in vars(units).values() if isinstance(unit, str)}
    for one in dashboard["panels"]:
        assert one["title"]
        assert one["description"].endswith(".")
        assert one["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
        unit = one["fieldConfig"]["defaults"]["unit"]
        assert unit in known or unit.startswith("suffix:")
    assert dashboard["templating"]["list"][0]["name"] == "datasource"


@EACH
def test_panels_lie_on_the_grid_and_not_on_each_other(dashboard: dict[str, Any]) -> None:
    taken: set[tuple[int, int]] = set()
    for one in dashboard["panels"]:
        at = one["gridPos"]
        cells = set(itertools.product(range(at["x"], at["x"] + at["w"]), range(at["y"], at["y"] + at["h"])))
        assert cells
        assert {column for column, _ in cells} <= set(range(24))
        assert not cells & taken
        taken |= cells


@EACH
def test_ids_and_titles_are_unique(dashboard: dict[str, Any]) -> None:
    for key in ("id", "title"):
        values = [one[key] for one in dashboard["panels"]]
        assert len(set(values)) == len(values)


@EACH
def test_each_line_has_its_legend_and_each_query_its_name(dashboard: dict[str, Any]) -> None:
    for one in dashboard["panels"]:
        names = [target["refId"] for target in one["targets"]]
        assert len(set(names)) == len(names) > 0
        if one["type"] == "timeseries":
            assert one["options"]["legend"]["showLegend"]
            assert all(target["legendFormat"] for target in one["targets"])


@EACH
def test_grafana_takes_it(dashboard: dict[str, Any]) -> None:
    assert re.fullmatch(r"[a-z0-9-]{1,40}", dashboard["uid"])
    assert dashboard["schemaVersion"] >= 42
    assert len(as_json(dashboard)) < 2**20


def kit_names() -> set[str]:
    """All that a pod's metrics page may hold; histograms by the three names of their series."""
    text = page(Service("any", "nowhere:app", {}), [], Health(workers=1), 0.0)
    typed = re.findall(r"^# TYPE (\S+) (\S+)$", text, re.MULTILINE)
    tails = {"histogram": ("_bucket", "_sum", "_count")}
    return {name + tail for name, kind in typed for tail in tails.get(kind, ("",))}


def asked(expression: str) -> set[str]:
    """The metrics that a query reads."""
    found: set[str] = set()

    def note(node: promql_parser.Expr) -> None:
        if isinstance(node, promql_parser.VectorSelector):
            found.add(str(node.name))

    promql_parser.walk(promql_parser.parse(expression), note)
    return found


RECORDS = {rule["record"] for rule in rules.group(ruled(AVAILABLE))["rules"] if "record" in rule}


@EACH
def test_each_query_parses_and_reads_only_what_somebody_counts(dashboard: dict[str, Any]) -> None:
    for title, expression in queries(dashboard):
        assert "$" not in expression, title
        assert asked(expression) - RECORDS - kit_names() - {"up"} == set(), title


@EACH
def test_each_mark_parses_and_reads_only_what_somebody_counts(dashboard: dict[str, Any]) -> None:
    for name, expression in marks(dashboard):
        assert asked(expression) <= {"up", EXPERIMENT}, name


def test_releases_and_experiments_are_marked() -> None:
    assert [name for name, _ in marks(GOLDEN["links"])] == ["Releases", "Experiments"]
    assert all(one["target"]["expr"] == one["expr"] for one in GOLDEN["links"]["annotations"]["list"])


def test_the_queries_of_the_overview_are_about_everything() -> None:
    assert 'namespace=~".*",kind=~".*"' in dict(queries(GOLDEN["overview"]))["SLOs"]


def test_the_table_begins_with_what_burns() -> None:
    table = panel(GOLDEN["overview"], "Where each SLO stands")
    titles = table["transformations"][1]["options"]["renameByName"].values()
    assert table["options"]["sortBy"] == [{"desc": True, "displayName": "Burn, last hour"}]
    assert [*titles] == ["Namespace", "Kind", "Name", "SLO", "Objective", "Attained", "Budget left", "Burn, last hour"]


def test_a_table_hides_what_its_resource_says_already() -> None:
    table = panel(GOLDEN["links"], "Where each SLO stands")
    assert {*table["transformations"][1]["options"]["excludeByName"]} == {"Time", "namespace", "kind", "name"}


@pytest.mark.parametrize(
    ("slo", "lines"),
    [
        (AVAILABLE, [("orange", 1), ("orange", 3), ("red", 6), ("red", 14.4)]),
        (MODEST, [("orange", 1), ("orange", 3), ("red", 6)]),  # at 90 % the quick page could never fire
    ],
    ids=lambda slo: getattr(slo, "name", ""),
)
def test_a_tier_has_its_line_and_its_threshold(slo: Any, lines: list[tuple[str, float]]) -> None:
    burn = panel(of_links([ruled(slo)]), f"Burn of {slo.name}")
    steps = [(one["color"], one["value"]) for one in burn["fieldConfig"]["defaults"]["thresholds"]["steps"]]
    assert steps == [("transparent", None), *lines]
    assert len(burn["targets"]) == len(lines) + 1


def test_without_alerts_there_is_the_burn_of_the_window_and_no_line() -> None:
    burn = panel(DASHBOARDS["without alerts"], "Burn of availability")
    assert [target["legendFormat"] for target in burn["targets"]] == ["whole window (30d)"]


def test_the_budget_is_drawn_over_the_longest_window() -> None:
    budgets = [panel(of_links([*map(ruled, slos)]), "Error budget left") for slos in ([MODEST], [MODEST, FAST])]
    assert [budget["timeFrom"] for budget in budgets] == ["7d", "30d"]


def test_without_slos_there_are_still_requests_and_pods() -> None:
    titles = [one["title"] for one in DASHBOARDS["without SLOs"]["panels"]]
    assert titles == ["Traffic", "Answers", "Latency", "Pods", "Memory", "CPU"]


def test_each_resource_has_an_address_of_its_own_that_never_changes() -> None:
    assert GOLDEN["links"]["uid"] == uid("shop", KIND, NAME) == "toprope-gfrr6nx79rkpwp6frc5g"
    others = {uid("shop", KIND, "link"), uid("other", KIND, NAME), uid("shop", "SearchIndex", NAME)}
    assert len(others | {GOLDEN["links"]["uid"]}) == 4


def test_the_same_twice_is_the_same() -> None:
    slos = [ruled(AVAILABLE), ruled(FAST)]
    assert as_json(of_resource(KIND, NAME, COUNTED, slos)) == as_json(of_resource(KIND, NAME, COUNTED, slos))


def test_the_sidecar_finds_it_and_no_file_overwrites_another() -> None:
    metadata = {"name": "links-dashboard", "namespace": "shop", "labels": {"a": "b"}}
    made = config_map(metadata, GOLDEN["links"]["uid"], packed(GOLDEN["links"]))
    assert made["metadata"]["labels"] == {"a": "b", "grafana_dashboard": "1"}
    assert made["metadata"]["annotations"] == {"grafana_folder": "Toprope"}
    assert {key: json.loads(text) for key, text in made["data"].items()} == {
        f"{GOLDEN['links']['uid']}.json": GOLDEN["links"]
    }
    assert metadata == {"name": "links-dashboard", "namespace": "shop", "labels": {"a": "b"}}
