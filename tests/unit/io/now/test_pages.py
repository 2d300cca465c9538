"""Pages come whole, small and from where they were asked for, or not at all."""

import asyncio

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from yarl import URL

from tests.support.prometheus_process import free_port
from toprope.io.now.pages import NoAnswer, OtherAnswer, Pages

LARGEST = 1000


async def asked(answer: web.StreamResponse, patience: float = 10.0) -> bytes:
    async def give(request: web.Request) -> web.StreamResponse:
        assert "Authorization" not in request.headers
        return answer

    app = web.Application()
    app.router.add_get("/{path:.*}", give)
    async with TestServer(app) as server, Pages(patience, LARGEST) as pages:
        return await pages.get(server.make_url("/sli"))


async def test_a_page_as_large_as_may_be() -> None:
    assert await asked(web.Response(body=b"x" * LARGEST)) == b"x" * LARGEST


@pytest.mark.parametrize(
    ("why", "answer"),
    [
        ("it answers 404", web.Response(status=404)),
        ("it answers 302", web.Response(status=302, headers={"Location": "http://127.0.0.1:1/"})),
        ("its page is larger than 0 KiB", web.Response(body=b"x" * (LARGEST + 1))),
    ],
)
async def test_other_answers_are_no_pages(why: str, answer: web.Response) -> None:
    with pytest.raises(OtherAnswer, match=why):
        await asked(answer)


async def test_a_packed_page_is_not_unpacked() -> None:
    packed = web.Response(body=b"\x1f\x8b", headers={"Content-Encoding": "gzip"})
    assert await asked(packed) == b"\x1f\x8b"


async def test_nobody_is_there() -> None:
    async with Pages(10.0, LARGEST) as pages:
        with pytest.raises(NoAnswer, match="it does not answer: ClientConnectorError"):
            await pages.get(URL(f"http://127.0.0.1:{free_port()}/sli"))


async def test_whoever_cuts_the_connection_is_asked_once() -> None:
    asked = 0

    async def cut(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal asked
        await reader.readuntil(b"\r\n\r\n")
        asked += 1
        writer.close()

    server = await asyncio.start_server(cut, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, Pages(10.0, LARGEST) as pages:
        with pytest.raises(NoAnswer, match="it does not answer: it broke off"):
            await pages.get(URL(f"http://127.0.0.1:{port}/sli"))
    assert asked == 1


async def test_what_answers_is_no_http() -> None:
    async def gibberish(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.write(b"220 mail.example.com ESMTP\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(gibberish, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, Pages(10.0, LARGEST) as pages:
        with pytest.raises(OtherAnswer, match="what it answers is no HTTP"):
            await pages.get(URL(f"http://127.0.0.1:{port}/sli"))


async def test_whoever_is_not_begun_asks_nobody() -> None:
    with pytest.raises(RuntimeError, match="outside"):
        await Pages(1.0, LARGEST).get(URL("http://127.0.0.1/"))
