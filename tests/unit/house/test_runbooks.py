"""Every alert has its page, and every page its alert."""

import re
from pathlib import Path

import pytest

from toprope.slo.rule_sets import Promiser, rule_sets
from toprope.slo.rules import group
from toprope.slo.sli import Counted
from toprope.slo.spec import Slo

RUNBOOKS = Path(__file__).parents[3] / "docs" / "runbooks"
WHO = Promiser(
    "ShortenerApp", "links", Counted("shop", 'app="links"', {"api": ("/api/v1/*",)}), "https://example.com/runbooks"
)
(PROMISE,) = rule_sets([Slo.model_validate({"name": "a", "objective": "99.9", "availability": {}})], WHO)
assert PROMISE.ruled
LINKS = {rule["alert"]: rule["annotations"]["runbook_url"] for rule in group(PROMISE.ruled)["rules"] if "alert" in rule}
ALERTS = set(LINKS)
HEADINGS = ["Is it real?", "What to look at", "Stop the damage", "Go back to normal"]


def test_every_alert_has_a_page_and_every_page_an_alert() -> None:
    assert {page.stem for page in RUNBOOKS.glob("*.md")} == ALERTS | {"incident"}


@pytest.mark.parametrize("alert", sorted(ALERTS))
def test_an_alert_leads_to_its_own_page(alert: str) -> None:
    assert LINKS[alert] == f"https://example.com/runbooks/{alert}.md"


@pytest.mark.parametrize("alert", sorted(ALERTS))
def test_a_page_says_what_it_means_and_how_to_go_on(alert: str) -> None:
    page = (RUNBOOKS / f"{alert}.md").read_text(encoding="utf-8")
    assert page.startswith(f"# {alert}\n\n**What it means.**")
    assert re.findall(r"^## (.+)$", page, re.MULTILINE) == HEADINGS


@pytest.mark.parametrize("page", sorted(RUNBOOKS.glob("*.md")), ids=lambda page: page.stem)
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^):]+\.md)\)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists()
