"""Orders, `explain`, `history` and `watch` as a person runs them, against an API server on paper."""

import json
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.rollouts import HOLDING, RECORD, PaperApi, a_resource, at, paper_api

PROMOTED = a_resource(at("Retiring", "Baked"), None, revision={"stable": "new", "retiring": "old"})
FAILED = a_resource(at("Failed", "WorseThanStable", "27 bad of 1,904."), history=[RECORD])


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[PaperApi]:
    async with paper_api(tmp_path, [a_resource(HOLDING)]) as served:
        yield served


async def test_an_order_is_written_and_told(api: PaperApi) -> None:
    shown = await api.run("abort", "links")
    assert (shown.exit_code, api.sent) == (0, [{"toprope.dev/abort": "new"}])
    assert shown.stdout == (
        "ShortenerApp default/links: toprope.dev/abort is new.\n"
        "To abort revision new takes all requests back, and gives it up.\n"
    )


@pytest.mark.parametrize("command", ["promote", "pause"])
async def test_the_others_name_the_candidate_too(api: PaperApi, command: str) -> None:
    await api.run(command, "sapp/links")
    assert api.sent == [{f"toprope.dev/{command}": "new"}]


async def test_a_pause_is_taken_away(api: PaperApi) -> None:
    api.looks = [a_resource(HOLDING, notes={"pause": "new"})]
    shown = await api.run("resume", "links", "--wait")
    assert (shown.exit_code, api.sent) == (0, [{"toprope.dev/pause": None}])
    assert "toprope.dev/pause is taken away." in shown.stdout


async def test_a_failed_one_can_be_tried_again_and_again(api: PaperApi) -> None:
    api.looks = [FAILED]
    for _ in range(2):
        assert (await api.run("retry", "links")).exit_code == 0
    first, second = (sent["toprope.dev/retry"] for sent in api.sent)
    assert first.startswith("new/")
    assert first != second


async def test_a_frozen_one_is_let_go_on(api: PaperApi) -> None:
    api.looks = [a_resource(at("Frozen"))]
    await api.run("unfreeze", "links")
    assert api.sent == [{"toprope.dev/unfreeze": "new"}]


async def test_an_order_without_sense_is_a_sentence_and_writes_nothing(api: PaperApi) -> None:
    shown = await api.run("unfreeze", "links")
    assert (shown.exit_code, api.sent) == (1, [])
    assert shown.stderr == (
        "There is nothing to unfreeze: revision new is Holding, it does not wait for an error budget.\n"
    )


@pytest.mark.parametrize(
    ("look", "code", "said"),
    [
        (PROMOTED, 0, "Followed: revision new is stable."),
        (FAILED, 1, "Revision new was taken back first: Failed. 27 bad of 1,904."),
        (a_resource(HOLDING), 3, "Not within 1 s. availability: too little to say."),
    ],
)
async def test_who_waits_is_told_what_became_of_the_order(
    api: PaperApi, look: Mapping[str, Any], code: int, said: str
) -> None:
    api.looks = [a_resource(HOLDING), look]
    shown = await api.run("promote", "links", "--wait", "--timeout", "1")
    assert (shown.exit_code, said in shown.output) == (code, True)
    assert "Holding at 10%, step 2 of 3  GatheringEvidence" in shown.stderr


async def test_where_nothing_is_reconciled_it_says_so(api: PaperApi) -> None:
    api.looks = [a_resource(HOLDING, notes={"reconcile": "disabled"})]
    assert "once toprope.dev/reconcile: disabled is gone" in (await api.run("abort", "links")).stderr


async def test_an_explanation_ends_with_what_would_change_it(api: PaperApi) -> None:
    shown = (await api.run("explain", "links")).stdout.splitlines()
    assert shown[:2] == ["ShortenerApp default/links", shown[1]]
    assert shown[1].startswith("Revision new gets 10% of the requests (step 2 of 3), for ")
    assert shown[-1].startswith("  toprope pause links -n default: keeps it where it is")
    told = json.loads((await api.run("explain", "links", "-o", "json")).stdout)
    assert (told["phase"], told["candidate"], sorted(told["orders"])) == (
        "Holding",
        "new",
        ["abort", "pause", "promote"],
    )


async def test_a_history_is_a_table_or_whole_records(api: PaperApi) -> None:
    api.looks = [FAILED]
    row = (await api.run("history", "links")).stdout.splitlines()[1]
    assert row.split()[:5] == ["2026-01-01T11:50:00Z", "new", "old", "RolledBack", "5m"]
    assert "1% +30s, 0% +4m" in row
    assert json.loads((await api.run("history", "links", "-o", "json")).stdout)[0]["weights"] == RECORD["weights"]
    assert yaml.safe_load((await api.run("history", "links", "-o", "yaml")).stdout)[0]["lost"] == 1027


async def test_of_a_first_release_there_is_no_history(api: PaperApi) -> None:
    assert "has had no rollout" in (await api.run("history", "links")).stdout


async def test_one_line_is_watched_for_each_change_until_it_is_promoted(api: PaperApi) -> None:
    api.looks = [a_resource(HOLDING), a_resource(HOLDING), PROMOTED]
    shown = await api.run("watch", "links")
    lines = shown.stdout.splitlines()
    assert (shown.exit_code, len(lines)) == (0, 2)
    assert "availability Undecided (candidate 0.2%, stable 0.0278%, pass 40%, fail 10%)" in lines[0]
    assert "Revision new was promoted." in shown.stderr


async def test_a_watch_that_ends_badly_has_exit_code_1_and_bears_an_api_server_that_was_away(api: PaperApi) -> None:
    api.looks, api.away = [a_resource(HOLDING), FAILED], frozenset({2})
    shown = await api.run("watch", "links", "-o", "json")
    first, last = (json.loads(line) for line in shown.stdout.splitlines())
    assert (shown.exit_code, first["phase"], last["phase"]) == (1, "Holding", "Failed")
    assert first["judged"][0]["candidate"] == {"total": 2000, "bad": 4}
    assert "Asked again." in shown.stderr
    assert "Revision new does not serve. RolledBack, WorseThanStable: 27 bad of 1,904." in shown.stderr


async def test_a_release_that_nobody_has_looked_at_yet_is_waited_for(api: PaperApi) -> None:
    api.looks = [a_resource(at("Idle"), None, observedGeneration=1), a_resource(HOLDING), PROMOTED]
    shown = await api.run("watch", "links")
    assert (shown.exit_code, len(shown.stdout.splitlines())) == (0, 3)


async def test_without_a_release_a_watch_is_over_at_once(api: PaperApi) -> None:
    api.looks = [a_resource(at("Idle"), None)]
    shown = await api.run("watch", "links")
    assert (shown.exit_code, shown.stderr) == (0, "Revision old serves, and no release is on its way.\n")


async def test_a_watch_can_be_bounded(api: PaperApi) -> None:
    assert (await api.run("watch", "links", "--timeout", "1")).exit_code == 3


async def test_a_resource_that_goes_meanwhile_is_a_sentence(api: PaperApi) -> None:
    api.looks = [a_resource(HOLDING), {}]
    shown = await api.run("watch", "links")
    assert (shown.exit_code, shown.stderr) == (1, "ShortenerApp default/links is gone.\n")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("other", "No ShortenerApp or SearchIndex is called other in namespace default."),
        ("pod/links", "pod is no kind of Toprope's; known: sapp, sidx."),
    ],
)
async def test_who_is_not_there_is_a_sentence(api: PaperApi, name: str, said: str) -> None:
    for command in ("abort", "explain", "history", "watch"):
        shown = await api.run(command, name)
        assert (shown.exit_code, shown.stderr) == (1, f"{said}\n")


async def test_the_status_has_one_line_of_a_release_that_moves(api: PaperApi) -> None:
    line = (await api.run("status", "links")).stdout.splitlines()[1]
    assert line.startswith("Rollout: Holding at 10%, step 2 of 3, for ")
    assert line.endswith("availability: too little to say. toprope explain links -n default says more.")


async def test_a_terminal_is_redrawn(api: PaperApi) -> None:
    api.looks = [a_resource(HOLDING), PROMOTED]
    shown = await api.run("watch", "links", FORCE_COLOR="1")
    assert (shown.exit_code, shown.stdout.count("TOWARDS PASS")) == (0, 1)
    assert "Revision new serves" in shown.stdout
