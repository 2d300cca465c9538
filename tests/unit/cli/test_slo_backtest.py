"""`toprope slo backtest`, as a person runs it, against a Prometheus on paper."""

import asyncio
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from typer.testing import Result

from tests.unit.cli.test_commands import EXAMPLE, run
from tests.unit.cli.test_plan import manifest
from tests.unit.cli.test_slo_import import SLOTH
from toprope.cli.slo.asked import Progress
from toprope.slo.raw import LOOKED

NOW = 1_772_000_059.5
"""2026-02-25 06:14:19 UTC."""
LAST = NOW // 60 * 60
OWN: dict[str, Any] = {"name": "jobs", "objective": "99", "ratio": {"bad": "failed_total", "total": "jobs_total"}}
NOTHING = {"name": "nothing", "objective": "99", "ratio": {"bad": "no_total", "total": "none_total"}}


@dataclass(slots=True)
class Memory:
    """Ten jobs a second, of which none failed but in `errors`: minutes before the end, and share."""

    minutes: int = 10**9
    """How far back it remembers."""
    errors: tuple[int, int, float] = (0, 0, 0.0)
    up: bool = True
    """Whether it knows any."""
    asked: list[Any] = field(default_factory=list)

    async def answer(self, request: web.Request) -> web.Response:
        self.asked.append(request.headers)
        form = await request.post()
        if request.path.endswith("runtimeinfo"):
            return web.json_response({"status": "success", "data": {"storageRetention": "15d"}})
        if form["query"] == "time()":
            return web.json_response({"status": "success", "data": {"resultType": "scalar", "result": [1, f"{NOW}"]}})
        start, end = (float(str(form[name])) for name in ("start", "end"))
        points = [(at, self.value(str(form["query"]), at)) for at in range(int(start), int(end) + 1, 60)]
        values = [(at, str(value)) for at, value in points if value is not None]
        found = [{"metric": {}, "values": values}] if values else []
        return web.json_response({"status": "success", "data": {"resultType": "matrix", "result": found}})

    def value(self, expression: str, at: float) -> float | None:
        ago = (LAST - at) / 60
        if ago > self.minutes or "none_total" in expression or ("(up" in expression and not self.up):
            return None
        since, until, share = self.errors
        bad = share if since >= ago > until else 0.0
        return 1 if expression == LOOKED else 10 * bad if "failed_total" in expression else 10


async def shown(memory: Memory, *words: str, given: str | None = None, **environment: str) -> Result:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", memory.answer)
    async with TestServer(app) as server:
        url = str(server.make_url("/"))
        command = ("slo", "backtest", "-f", "-", "--prometheus", url, *words)
        return await asyncio.to_thread(run, *command, given=given or manifest(OWN), **environment)


BURNT = Memory(errors=(60, 30, 0.5))


async def test_a_person_reads_how_it_went() -> None:
    told = await shown(BURNT, "--since", "12h")
    assert told.exit_code == 0, told.output
    for line in (
        "ShortenerApp default/links, 2026-02-24 18:14 to 2026-02-25 06:14 UTC (12h)",
        "jobs  99% of 30d  97.9167%",
        "9,000       432,000  1      1        0s",
        "BUDGET LEFT SINCE 2026-02-24T18:14:00Z",
        "jobs  page    2026-02-25 05:14  2026-02-25 05:44  30m  pageQuick   50",
        "jobs  ticket  2026-02-25 05:27  goes on           -    ticketSlow  2.177",
        "As if the rules had been applied at 2026-02-24 18:14 UTC: what was before counts for nothing.",
    ):
        assert line in told.stdout, told.stdout
    assert "A window that is longer than this has the budget of a whole one" in told.stdout


async def test_a_service_that_did_well_calls_nobody() -> None:
    told = await shown(Memory(), "--since", "12h")
    assert (told.exit_code, "Nobody would have been called." in told.stdout, told.stderr) == (0, True, "")
    assert "100.0%" in told.stdout


async def test_machines_read_the_same() -> None:
    told = json.loads((await shown(BURNT, "--since", "12h", "-o", "json")).stdout)
    (slo,) = told.pop("slos")
    assert told == {
        "from": "2026-02-24T18:14:00Z",
        "to": "2026-02-25T06:14:00Z",
        "begins": "2026-02-24T18:15:00Z",
        "retentionSeconds": 15 * 86400.0,
        "onlyAgainst": [],
    }
    assert slo["events"] == {"total": pytest.approx(432_000), "bad": pytest.approx(9000), "lost": 0}
    assert slo["minutes"] == {"all": 720, "withoutData": 0, "lost": 0}
    assert slo["budgetRemaining"] == pytest.approx(1 - 9000 / (0.01 * 10 * 30 * 86400))
    assert (slo["firings"][0]["severity"], slo["firings"][0]["to"] is not None) == ("page", True)
    assert len(slo["budgets"]) == 60


@pytest.fixture
def old(tmp_path: Path) -> Path:
    path = tmp_path / "old.yaml"
    path.write_text(manifest(OWN | {"objective": "99.9"}, NOTHING | {"name": "gone"}))
    return path


async def test_an_earlier_manifest_stands_beside(old: Path) -> None:
    given = manifest(OWN, NOTHING)
    told = await shown(BURNT, "--since", "12h", "--against", str(old), given=given)
    assert told.exit_code == 0, told.output
    assert "jobs (before)  99.9% of 30d" in told.stdout
    assert f"jobs, beside {old}: as many alerts, at other times, the budget left is 31.2 points higher." in told.stdout
    assert f"nothing: {old} has no such SLO." in told.stderr
    assert f"gone: only {old} has it; it is left out." in told.stderr
    assert "nothing: nothing is there that it counts: none_total{" in told.stderr


async def test_machines_read_what_differs(old: Path) -> None:
    told = await shown(BURNT, "--since", "12h", "--against", str(old), "-o", "json", given=manifest(OWN, NOTHING))
    jobs, nothing = json.loads(told.stdout)["slos"]
    assert jobs["against"]["objective"] == "99.9"
    assert jobs["difference"] == {
        "pages": 0,
        "tickets": 0,
        "badEvents": 0,
        "budgetRemaining": pytest.approx(jobs["budgetRemaining"] - jobs["against"]["budgetRemaining"]),
    }
    assert (nothing["against"], nothing["difference"], nothing["attained"]) == (None, None, None)


async def test_fewer_alerts_are_told_by_number(tmp_path: Path) -> None:
    (tmp_path / "old.yaml").write_text(manifest(OWN))
    quiet = manifest(OWN | {"alerting": {"page": False, "ticket": False}})
    told = await shown(BURNT, "--since", "12h", "--against", f"{tmp_path}/old.yaml", given=quiet)
    assert "1 page fewer, 1 ticket fewer." in told.stdout
    same = await shown(BURNT, "--since", "12h", "--against", f"{tmp_path}/old.yaml")
    assert "old.yaml: the same alerts." in same.stdout


async def test_a_short_memory_is_said_with_its_reason() -> None:
    told = await shown(Memory(minutes=600), "--since", "30d")
    assert told.exit_code == 0
    assert "Of the 30d asked for, Prometheus remembers 10h, from 2026-02-24 20:14 UTC on (it keeps 15d)." in told.stderr
    assert "ShortenerApp default/links, 2026-02-24 20:14 to" in told.stdout


async def test_a_window_shorter_than_the_span_is_that_at_its_end() -> None:
    told = await shown(BURNT, "--since", "8d", given=manifest(OWN | {"window": "7d"}))
    assert "ATTAINED and BUDGET LEFT are those of the SLO's window at the end" in told.stdout
    assert "jobs  99% of 7d  99.8512%" in told.stdout


async def test_a_memory_of_no_up_is_doubted() -> None:
    availability = {"name": "availability", "objective": "99", "availability": {}}
    told = await shown(Memory(up=False), "--since", "2h", given=manifest(availability))
    assert (told.exit_code, "availability: no `up` is there: minutes in which" in told.stderr) == (0, True)
    assert "`up`" not in (await shown(Memory(up=False), "--since", "2h")).stderr


@pytest.mark.parametrize(
    ("minutes", "given", "why"),
    [(-1, manifest(OWN), "Prometheus remembers nothing of the last 2h."), (10**9, manifest(NOTHING), "none_total{")],
)
async def test_where_nothing_is_there_nothing_is_reckoned(minutes: int, given: str, why: str) -> None:
    told = await shown(Memory(minutes), "--since", "2h", given=given)
    assert (told.exit_code, why in told.stderr, told.stdout) == (1, True, ""), told.output
    assert "Nothing can be reckoned." in told.stderr


async def test_files_of_other_tools_are_read() -> None:
    told = await shown(Memory(), "--since", "12h", "--from", "sloth", "--name", "windmill", given=SLOTH)
    assert (told.exit_code, "Service default/windmill, " in told.stdout) == (0, True), told.output


SECRET = "do-not-tell"


async def test_a_token_is_shown_to_prometheus_and_to_nobody_else(tmp_path: Path) -> None:
    (tmp_path / "token").write_text(f"{SECRET}\n")
    by_file, by_name = Memory(), Memory()
    told = [
        await shown(by_file, "--since", "2h", "--token-file", f"{tmp_path}/token"),
        await shown(by_name, "--since", "2h", TOPROPE_PROMETHEUS_TOKEN=SECRET),
    ]
    assert {headers["Authorization"] for memory in (by_file, by_name) for headers in memory.asked} == {
        f"Bearer {SECRET}"
    }
    assert [(one.exit_code, SECRET in one.output) for one in told] == [(0, False), (0, False)]


AWAY = "http://127.0.0.1:1"


@pytest.mark.parametrize(
    ("words", "code", "why"),
    [
        ((AWAY,), 1, "http://127.0.0.1:1 did not answer: ClientConnectorError"),
        ((AWAY,), 1, "Is --prometheus its address, as http://127.0.0.1:9090, and does it want a token (--token-file)?"),
        ((AWAY, "--token-file", "nowhere"), 1, "did not answer: FileNotFoundError"),
        ((AWAY, "--since", "soon"), 2, "--since soon: 1h to 366d, as 30d or 12h."),
        ((AWAY, "--since", "10m"), 2, "--since 10m: 1h"),
        ((AWAY, "--since", "2y"), 2, "--since 2y: 1h"),
        (("localhost:9090",), 2, "--prometheus localhost:9090: an address as http://127.0.0.1:9090."),
        (("http://[::1",), 1, "did not answer: InvalidUrlClientError"),
        (("http://",), 2, "--prometheus http://: an address as"),
        ((f"http://me:{SECRET}@127.0.0.1:1",), 2, "--prometheus holds a password"),
        ((AWAY, "--against", EXAMPLE), 2, "has none of the SLOs of -"),
        ((AWAY, "--against", "nowhere.yaml"), 1, "No such file"),
        ((AWAY, "--namespace", "shop"), 2, "--namespace and --name go with --from"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(words: tuple[str, ...], code: int, why: str) -> None:
    told = run("slo", "backtest", "-f", "-", "--prometheus", *words, given=manifest(OWN))
    assert (told.exit_code, why in told.stderr, told.stdout) == (code, True, ""), told.output
    assert SECRET not in told.output


def test_without_slos_there_is_nothing_to_look_back_on() -> None:
    told = run("slo", "backtest", "-f", "-", "--prometheus", AWAY, given=manifest())
    assert (told.exit_code, "has no SLO: there is nothing to look back on" in told.stderr) == (2, True)


def test_it_speaks_when_it_takes_long_and_then_now_and_again(capsys: pytest.CaptureFixture[str]) -> None:
    moments = iter([0.0, 1.9, 2.1, 11.9, 12.2, 30.0])
    progress = Progress(lambda: next(moments))
    for share in (0.1, 0.2, 0.5, 0.6, 1.0):
        progress.told(share)
    assert capsys.readouterr().err.splitlines() == [
        "Reading what Prometheus remembers: 20 %, about 9s left.",
        "Reading what Prometheus remembers: 60 %, about 9s left.",
    ]
