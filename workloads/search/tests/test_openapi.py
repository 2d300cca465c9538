"""The API describes itself, whole and rightly."""

import pytest
from openapi_spec_validator import validate

from workloads.search.tests.conftest import Running

pytestmark = pytest.mark.integration


async def test_the_description_is_openapi_and_names_every_route(running: Running) -> None:
    described = (await running.client.get("/v1/openapi.json")).json()
    validate(described)
    paths = {(method, path) for path, methods in described["paths"].items() for method in methods}
    assert paths == {
        ("get", "/v1/search"),
        ("post", "/v1/search"),
        ("get", "/v1/documents/{id}"),
        ("put", "/v1/documents/{id}"),
        ("delete", "/v1/documents/{id}"),
        ("get", "/v1/documents/{id}/similar"),
        ("get", "/v1/index"),
    }


async def test_errors_are_described_as_problems(running: Running) -> None:
    described = (await running.client.get("/v1/openapi.json")).json()
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            problems = {status for status in operation["responses"] if status >= "400"}
            assert {"422", "503"} <= problems, (method, path)
            for status in problems:
                assert set(operation["responses"][status]["content"]) == {"application/problem+json"}, (method, path)


@pytest.mark.parametrize("path", ["/", "/playground.css", "/playground.js"])
async def test_the_playground_is_served_with_a_strict_policy(running: Running, path: str) -> None:
    answer = await running.client.get(path)
    assert answer.status_code == 200
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    again = await running.client.get(path, headers={"if-none-match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


async def test_only_the_named_origins_may_read_answers(running: Running) -> None:
    live = running.parts.live
    live.now = live.now.model_copy(update={"origins": ["http://other.test"]})
    for origin, allowed in (("http://other.test", "http://other.test"), ("http://evil.test", None)):
        answer = await running.client.get("/v1/index", headers={"origin": origin})
        assert answer.headers.get("access-control-allow-origin") == allowed
