"""What visitors get."""

import asyncio
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from shortener.redirect import LINK_TRIES
from workloads.shortener.tests.conftest import Running, World, running_with
from workloads.shortener.tests.pods import pod

pytestmark = pytest.mark.integration

LINKS = "/api/v1/links"
TARGET, FALLBACK = "https://example.org/target", "https://example.org/fallback"
PAST, FUTURE = [(datetime.now(UTC) + timedelta(hours=hours)).isoformat() for hours in (-1, 1)]
BROWSER = {"Accept": "text/html", "User-Agent": "Mozilla/5.0 Firefox/140.0", "Referer": "https://news.example/a?b"}


async def make(running: Running, **conditions: object) -> None:
    made = await running.client.post(LINKS, json={"target": TARGET, "slug": "spring", **conditions})
    assert made.status_code == 201, made.text


@pytest.mark.parametrize(
    ("sentence", "conditions", "status", "location"),
    [
        ("a plain link", {}, 302, TARGET),
        ("open", {"validFrom": PAST, "validUntil": FUTURE}, 302, TARGET),
        ("not open yet", {"validFrom": FUTURE}, 404, None),
        ("ended", {"validUntil": PAST}, 410, None),
        ("ended, with somewhere else to go", {"validUntil": PAST, "fallbackTarget": FALLBACK}, 302, FALLBACK),
    ],
)
async def test_where_a_visit_leads(
    running: Running, sentence: str, conditions: dict[str, object], status: int, location: str | None
) -> None:
    await make(running, **conditions)
    answer = await running.client.get("/spring")
    assert (answer.status_code, answer.headers.get("location")) == (status, location), sentence


@pytest.mark.parametrize("path", ["/nothing", "/favicon.ico", "/%2e%2e", "/spring%0d%0aset-cookie:a", "/ä", "/"])
async def test_no_link(running: Running, path: str) -> None:
    answer = await running.client.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")


async def test_nobody_keeps_a_redirect(running: Running) -> None:
    await make(running)
    assert (await running.client.get("/spring")).headers["cache-control"] == "no-store"


async def test_a_disabled_link_stops_and_goes_on(running: Running) -> None:
    await make(running, fallbackTarget=FALLBACK)
    assert (await running.client.get("/spring")).status_code == 302
    for enabled, status in ((False, 410), (True, 302)):
        await running.client.patch(f"{LINKS}/spring", json={"enabled": enabled})
        async with asyncio.timeout(10):
            while (await running.client.get("/spring")).status_code != status:  # noqa: ASYNC110 - an answer is all that tells
                await asyncio.sleep(0.01)


async def test_a_visit_limit_is_met_exactly_however_many_come_at_once(running: Running) -> None:
    await make(running, visitLimit=10, fallbackTarget=FALLBACK)
    answers = await asyncio.gather(*(running.client.get("/spring") for _ in range(40)))
    assert sorted(answer.headers["location"] for answer in answers) == [FALLBACK] * 30 + [TARGET] * 10


def test_two_workers_meet_a_visit_limit_exactly(world: World) -> None:
    with pod(world, WORKERS="2") as one, ThreadPoolExecutor(8) as visitors:
        assert len(one.workers()) == 2
        one.make("spring", visitLimit=10)
        answers = visitors.map(lambda _: one.ask("/spring").status_code, range(40))
        assert Counter(answers) == {302: 10, 410: 30}


async def test_the_api_tells_how_many_visits_got_through(running: Running) -> None:
    await make(running, visitLimit=2)
    told = []
    for _ in range(3):
        told.append((await running.client.get(f"{LINKS}/spring")).json()["visits"])
        await running.client.get("/spring")
    assert told == [0, 1, 2]
    unlimited = await running.client.post(LINKS, json={"target": TARGET})
    assert unlimited.json()["visits"] is None


async def test_a_look_takes_no_visit_and_is_not_told_where_one_leads(running: Running) -> None:
    await make(running, visitLimit=1)
    looked = await running.client.head("/spring")
    assert (looked.status_code, looked.headers.get("location")) == (302, None)
    assert (await running.client.get("/spring")).status_code == 302
    assert (await running.client.get("/spring")).status_code == 410
    assert "location" not in (await running.client.head("/spring")).headers


async def test_a_password_is_asked_and_checked(running: Running) -> None:
    await make(running, password="correct horse", visitLimit=1)
    asked = await running.client.get("/spring", headers=BROWSER)
    assert (asked.status_code, asked.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert (await running.client.get("/spring")).status_code == 403
    wrong = await running.client.post("/spring", data={"password": "wrong"}, headers=BROWSER)
    assert wrong.status_code == 403
    assert "not the password" in wrong.text
    right = await running.client.post("/spring", data={"password": "correct horse"}, headers=BROWSER)
    assert (right.status_code, right.headers["location"]) == (303, TARGET)
    assert (await running.client.post("/spring", data={"password": "correct horse"})).status_code == 410


async def test_passwords_cannot_be_tried_for_ever(running: Running) -> None:
    await make(running, password="correct horse")
    tried = [await running.client.post("/spring", data={"password": "x"}) for _ in range(11)]
    assert [answer.status_code for answer in tried] == [403] * 10 + [429]
    assert int(tried[-1].headers["retry-after"]) > 0
    assert [answer.headers["ratelimit-remaining"] for answer in tried[-3:]] == ["1", "0", "0"]


async def test_one_address_that_tries_passwords_locks_nobody_else_out(running: Running) -> None:
    await make(running, password="correct horse")
    for _ in range(LINK_TRIES + 5):
        await running.client.post("/spring", data={"password": "x"}, headers={"X-Forwarded-For": "203.0.113.66"})
    right = {"data": {"password": "correct horse"}, "headers": {"X-Forwarded-For": "198.51.100.1"}}
    assert (await running.client.post("/spring", **right)).status_code == 303


async def test_right_passwords_are_not_counted(running: Running) -> None:
    await make(running, password="correct horse")
    answers = [await running.client.post("/spring", data={"password": "correct horse"}) for _ in range(15)]
    assert [answer.status_code for answer in answers] == [303] * 15


async def test_an_address_has_its_limit(world: World) -> None:
    async with running_with(world, address_requests_per_minute=5) as running:
        statuses = [(await running.client.get("/nothing")).status_code for _ in range(7)]
        assert statuses == [404] * 5 + [429] * 2
        elsewhere = await running.client.get("/nothing", headers={"X-Forwarded-For": "192.0.2.9"})
        assert elsewhere.status_code == 404


async def test_every_answer_says_what_is_left_of_the_limit(world: World) -> None:
    async with running_with(world, address_requests_per_minute=5) as running:
        await make(running)
        answers = [await running.client.get(path) for path in ("/spring", "/nothing", "/spring", "/spring", "/spring")]
        assert [answer.status_code for answer in answers] == [302, 404, 302, 302, 429]
        assert [answer.headers["ratelimit-remaining"] for answer in answers] == ["3", "2", "1", "0", "0"]
        for answer in answers:
            assert answer.headers.get_list("ratelimit-limit") == ["5"]
            assert 0 < int(answer.headers["ratelimit-reset"]) <= 60


async def test_visits_are_counted_by_day_with_bots_apart(running: Running, world: World) -> None:
    await make(running)
    for _ in range(3):
        await running.client.get("/spring", headers={**BROWSER, "X-Forwarded-For": "198.51.100.7"})
    await running.client.get("/spring", headers={"User-Agent": "Googlebot/2.1"})
    await running.client.head("/spring")
    await counted(running, 4)
    said = (await running.client.get(f"{LINKS}/spring/statistics")).json()
    assert (said["clicks"], said["bots"]) == (3, 1)
    assert said["referrers"] == [{"source": "news.example", "clicks": 3}]
    assert said["agents"] == [{"source": "Firefox", "clicks": 3}]
    assert world.sql("SELECT DISTINCT network FROM shortener.clicks WHERE NOT bot") == "198.51.100.0/24"


async def counted(running: Running, visits: int) -> None:
    async with asyncio.timeout(5):
        while True:
            said = (await running.client.get(f"{LINKS}/spring/statistics")).json()
            if said["clicks"] + said["bots"] >= visits:
                return
