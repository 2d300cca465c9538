from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI, HTTPException

from toprope_kit import problem
from toprope_kit.problem import Problem, TooManyRequests, Unauthorized, Unavailable, problem_responses
from workloads.kit.tests.app import Item

CASES: list[tuple[str, Exception, int, dict[str, str]]] = [
    ("a full bucket says when to come back", TooManyRequests("Slow down.", retry_after=9), 429, {"retry-after": "9"}),
    ("a lost dependency says when to come back", Unavailable("Gone.", retry_after=2), 503, {"retry-after": "2"}),
    ("a missing key says how to show one", Unauthorized("Show a key."), 401, {"www-authenticate": "Bearer"}),
    ("headers of the raiser are kept", Problem("Odd.", headers={"x-odd": "yes"}), 500, {"x-odd": "yes"}),
    ("the framework's own errors are problems too", HTTPException(409), 409, {}),
    ("also those that have no class here", HTTPException(418), 418, {}),
]


@pytest.fixture
def app() -> FastAPI:
    app = FastAPI()
    problem.install(app)

    @app.post("/items", responses=problem_responses(Unauthorized, Unavailable))
    async def put(item: Item) -> None:
        return None

    @app.get("/raise/{number}")
    async def fail(number: int) -> None:
        raise CASES[number][1]

    return app


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://demo") as client:
        yield client


@pytest.mark.parametrize("number", range(len(CASES)), ids=[case[0] for case in CASES])
async def test_an_error_is_rendered_with_its_status(number: int, client: httpx.AsyncClient) -> None:
    _, _, status, headers = CASES[number]
    answer = await client.get(f"/raise/{number}")
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers.items() >= headers.items()
    body = answer.json()
    assert body["status"] == status
    assert body["type"].startswith("urn:toprope:problem:")
    assert body["title"]
    assert body["detail"]


async def test_a_validation_error_names_the_field_and_echoes_nothing(client: httpx.AsyncClient) -> None:
    answer = await client.post("/items", json={"name": "x", "password": "hunter2"})
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == ["body.password"]
    assert "hunter2" not in answer.text


async def test_members_of_a_problem_stand_beside_the_standard_ones() -> None:
    body = problem.render(problem.Conflict("Taken.", slug_taken="abc")).body
    assert b'"slug_taken":"abc"' in body


def test_the_openapi_document_shows_schema_and_example(app: FastAPI) -> None:
    content = app.openapi()["paths"]["/items"]["post"]["responses"]["503"]["content"]
    assert content["application/problem+json"]["example"]["status"] == 503
    assert "detail" in content["application/problem+json"]["schema"]["required"]
