"""Invariants of every rule group. That the rules do what the maths says is proved by running them."""

import random
from typing import Any

import promql_parser
import pytest
import yaml

from tests.support.specs import slo as generated
from toprope.slo.rule_sets import Promiser, RuleSet, prometheus_rule, rule_sets, rules_config_map, rules_file
from toprope.slo.rules import BURNING, group, version_of
from toprope.slo.sli import Counted
from toprope.slo.spec import Alerting, Availability, Ratio, Slo

COUNTED = Counted("shop", 'namespace="shop",app="links"', {"api": ("/api/v1/*",)}, gateway='service=~"links.*"')
WHO = Promiser("ShortenerApp", "links", COUNTED, "https://example.com/runbooks")
IDENTITY = {"namespace": "shop", "kind": "ShortenerApp", "name": "links"}


def promised(**fields: Any) -> RuleSet:
    return rule_sets([Slo.model_validate({"name": "a", "objective": "99.9", "availability": {}, **fields})], WHO)[0]


def rules(**fields: Any) -> list[dict[str, Any]]:
    ruled = promised(**fields).ruled
    assert ruled is not None
    return list(group(ruled)["rules"])


def some(count: int) -> list[RuleSet]:
    return [promised(**{"availability": None, **generated(random.Random(seed))}) for seed in range(count)]


@pytest.mark.parametrize("promise", some(60), ids=range(60))
def test_every_expression_parses_and_every_series_says_whose_it_is(promise: RuleSet) -> None:
    assert promise.ruled is not None
    for rule in group(promise.ruled)["rules"]:
        promql_parser.parse(rule["expr"])
        assert (rule["labels"].items() & (IDENTITY | {"slo": "a"}).items()) == (IDENTITY | {"slo": "a"}).items()


def test_records_come_before_the_alerts_that_read_them() -> None:
    kinds = ["alert" if "alert" in rule else "record" for rule in rules()]
    assert kinds == sorted(kinds, reverse=True)


def test_a_dead_tier_is_left_out_and_named() -> None:
    ruled = promised(objective="90").ruled
    assert ruled is not None
    assert [tier.name for tier in ruled.promise.dead] == ["pageQuick"]
    pages = [rule for rule in group(ruled)["rules"] if rule.get("alert") == BURNING]
    assert 'window="1h"' not in pages[0]["expr"]


PAGE = ("ErrorBudgetBurn", "page")
TICKETS = [("ErrorBudgetBurn", "ticket"), ("SloDataMissing", "ticket")]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({}, [PAGE, *TICKETS]),
        ({"ticket": False}, [PAGE]),
        ({"page": False}, TICKETS),
        ({"page": False, "ticket": False}, []),
    ],
)
def test_alerts_are_only_those_that_were_asked_for(asked: dict[str, bool], found: list[tuple[str, str]]) -> None:
    alerts = [rule for rule in rules(alerting={**asked, "labels": {"team": "x"}}) if "alert" in rule]
    assert [(rule["alert"], rule["labels"]["severity"]) for rule in alerts] == found
    assert all(rule["labels"]["team"] == "x" for rule in alerts)


def test_an_own_runbook_takes_the_place_of_ours() -> None:
    ours = next(rule for rule in rules(description="It answers.") if "alert" in rule)["annotations"]
    theirs = next(rule for rule in rules(runbookUrl="https://x.example/y") if "alert" in rule)["annotations"]
    assert ours["runbook_url"] == "https://example.com/runbooks/ErrorBudgetBurn.md"
    assert ours["description"] == "SLO a promises 99.9 % over 30d: It answers."
    assert theirs["runbook_url"] == "https://x.example/y"


def test_words_of_a_user_are_no_template_that_prometheus_runs() -> None:
    spec = {
        "description": '{{ query "up" }}',
        "runbookUrl": "https://x.example/{{",
        "alerting": {"labels": {"t": "{{"}},
    }
    alert = next(rule for rule in rules(**spec) if "alert" in rule)
    assert alert["annotations"]["description"].endswith(': {{"{{"}} query "up" }}')
    assert alert["annotations"]["runbook_url"] == 'https://x.example/{{"{{"}}'
    assert alert["labels"]["t"] == '{{"{{"}}'


def test_another_rule_is_another_version() -> None:
    one, other = promised(), promised(objective="99.8")
    assert one.ruled
    assert other.ruled
    assert version_of(group(one.ruled)) == version_of(group(one.ruled)) != version_of(group(other.ruled))


def test_a_broken_slo_stays_out_and_says_why_and_the_others_go_on() -> None:
    broken = Slo(name="b", objective="99", ratio=Ratio(bad="x{", total="x"), alerting=Alerting())
    found = rule_sets([Slo(name="a", objective="99", availability=Availability()), broken], WHO)
    assert found[1].ruled is None
    assert found[1].broken.startswith("ratio.bad")
    manifest = prometheus_rule({"name": "links-slos", "namespace": "shop"}, found)
    assert manifest is not None
    assert [each["name"] for each in manifest["spec"]["groups"]] == ["shop/ShortenerApp/links/a"]


def test_without_slos_there_are_no_rules() -> None:
    assert prometheus_rule({}, []) is None
    assert rules_config_map({}, rules_file([])) is None


def test_the_plain_file_holds_the_same_groups() -> None:
    found = [promised()]
    config_map, rule = rules_config_map({}, rules_file(found)), prometheus_rule({}, found)
    assert config_map
    assert rule
    assert yaml.safe_load(config_map["data"]["rules.yaml"]) == rule["spec"]
