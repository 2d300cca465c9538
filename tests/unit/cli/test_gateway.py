"""The demo's requests, against a real server on this machine that answers as told."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from toprope.cli import story
from toprope.cli.gateway import Gateway

LINK = {"slug": "spring", "target": "https://example.org/"}
KEY = "tr_bootstrap_secret"


@asynccontextmanager
async def answering(*answers: web.Response, heard: list[web.BaseRequest] | None = None) -> AsyncIterator[Gateway]:
    """A gateway that gives one answer after the other."""
    left = list(answers)

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        (heard if heard is not None else []).append(request)
        return left.pop(0)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    async with TestServer(app) as server, Gateway(str(server.make_url("")), "links.example.com") as gateway:
        yield gateway


def problem(status: int, detail: str) -> web.Response:
    return web.json_response({"detail": detail}, status=status, content_type="application/problem+json")


def redirect(location: str) -> web.Response:
    return web.Response(status=302, headers={"Location": location})


async def test_a_gateway_that_does_not_know_the_route_yet_is_asked_again() -> None:
    async with answering(
        web.Response(status=404, text="404 page not found"),
        web.Response(status=503),
        web.json_response(LINK, status=201),
    ) as gateway:
        assert await story.shortened(gateway, KEY, LINK["target"]) == LINK


async def test_retries_carry_the_same_idempotency_key_and_the_host_name() -> None:
    heard: list[web.BaseRequest] = []
    async with answering(web.Response(status=502), web.json_response(LINK, status=201), heard=heard) as gateway:
        await story.shortened(gateway, KEY, LINK["target"])
    assert len({request.headers["Idempotency-Key"] for request in heard}) == 1
    assert {request.host for request in heard} == {"links.example.com"}


async def test_a_refusal_ends_the_story_with_the_services_own_sentence() -> None:
    async with answering(problem(401, "This key is unknown.")) as gateway:
        with pytest.raises(story.StoryFailed, match="made no link: 401 This key is unknown"):
            await story.shortened(gateway, KEY, LINK["target"])


async def test_the_short_link_leads_to_its_target() -> None:
    async with answering(redirect(LINK["target"])) as gateway:
        assert await story.followed(gateway, LINK) == LINK["target"]


async def test_a_link_that_leads_elsewhere_ends_the_story() -> None:
    async with answering(redirect("https://elsewhere.example/")) as gateway:
        with pytest.raises(story.StoryFailed, match="leads to https://elsewhere"):
            await story.followed(gateway, LINK)


@pytest.mark.parametrize("answers", [[{"clicks": 0, "bots": 0}, {"clicks": 1, "bots": 0}], [{"clicks": 0, "bots": 1}]])
async def test_statistics_are_asked_until_the_visit_is_in_them(answers: Sequence[dict[str, int]]) -> None:
    async with answering(*map(web.json_response, answers)) as gateway:
        assert await story.counted(gateway, KEY, "spring") == answers[-1]


async def test_a_server_that_is_not_there_is_an_answer_too() -> None:
    async with Gateway("http://127.0.0.1:1", None) as gateway:
        answer = await gateway.ask("GET", "/")
    assert (answer.status, answer.passing) == (0, True)
