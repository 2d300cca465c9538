"""Errors as people and programs read them: RFC 9457, `application/problem+json`.

    Problem
     ├── BadRequest 400   ├── Unauthorized 401   ├── Forbidden 403   ├── NotFound 404    ├── Conflict 409
     ├── Gone 410         ├── Unprocessable 422  ├── TooManyRequests 429                 └── Unavailable 503

An error carries its status; `install` renders all of them in one place. `type` is `about:blank`'s better: a stable
slug, which clients may compare. Nothing that a client sent is echoed.
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, cast

import orjson
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from toprope_kit.trace import trace_id

MEDIA_TYPE = "application/problem+json"


class Problem(Exception):
    """An error that a client may see. `detail` is one sentence for a person; `members` become JSON members."""

    status: int = 500
    title: str = "Internal error"
    slug: str = "internal-error"

    def __init__(self, detail: str, *, headers: Mapping[str, str] | None = None, **members: Any) -> None:
        super().__init__(detail)
        self.detail = detail
        self.headers = dict(headers or {})
        self.members = members


class BadRequest(Problem):
    """400: the request cannot be read."""

    status, title, slug = 400, "Bad request", "bad-request"


class Unauthorized(Problem):
    """401: no key, or one that opens nothing. The same words for unknown, revoked and malformed keys."""

    status, title, slug = 401, "Unauthorized", "unauthorized"

    def __init__(self, detail: str, *, headers: Mapping[str, str] | None = None, **members: Any) -> None:
        super().__init__(detail, headers={"WWW-Authenticate": "Bearer", **(headers or {})}, **members)


class Forbidden(Problem):
    """403: known, and not allowed."""

    status, title, slug = 403, "Forbidden", "forbidden"


class NotFound(Problem):
    """404: there is no such thing for this caller."""

    status, title, slug = 404, "Not found", "not-found"


class Conflict(Problem):
    """409: it would contradict what is there."""

    status, title, slug = 409, "Conflict", "conflict"


class Gone(Problem):
    """410: it was there and is no longer served."""

    status, title, slug = 410, "Gone", "gone"


class Unprocessable(Problem):
    """422: readable, but a field is wrong."""

    status, title, slug = 422, "Invalid request", "invalid-request"


class TooManyRequests(Problem):
    """429: come back after `retry_after` seconds."""

    status, title, slug = 429, "Too many requests", "too-many-requests"

    def __init__(
        self, detail: str, *, retry_after: int = 1, headers: Mapping[str, str] | None = None, **members: Any
    ) -> None:
        super().__init__(detail, headers={"Retry-After": str(retry_after), **(headers or {})}, **members)


class Unavailable(Problem):
    """503: something that this service stands on is away; come back after `retry_after` seconds."""

    status, title, slug = 503, "Unavailable", "unavailable"

    def __init__(
        self, detail: str, *, retry_after: int = 1, headers: Mapping[str, str] | None = None, **members: Any
    ) -> None:
        super().__init__(detail, headers={"Retry-After": str(retry_after), **(headers or {})}, **members)


PROBLEM_SCHEMA: dict[str, Any] = {
    "type": "object",
    "title": "Problem",
    "description": "An error, as RFC 9457 describes it.",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "description": "Stable name of this kind of error."},
        "title": {"type": "string", "description": "Short name for a person."},
        "status": {"type": "integer", "description": "The HTTP status."},
        "detail": {"type": "string", "description": "One sentence: what is wrong, and what helps."},
        "trace_id": {"type": "string", "description": "Finds the request in logs and traces; only on 5xx."},
        "errors": {
            "type": "array",
            "description": "Which fields are wrong; only on 422.",
            "items": {
                "type": "object",
                "required": ["field", "message"],
                "properties": {"field": {"type": "string"}, "message": {"type": "string"}},
            },
        },
    },
}


def problem_responses(*kinds: type[Problem]) -> dict[int | str, dict[str, Any]]:
    """The `responses=` of a FastAPI route or app: schema and an example for each kind of problem."""
    return {
        kind.status: {
            "description": kind.title,
            "content": {MEDIA_TYPE: {"schema": PROBLEM_SCHEMA, "example": _body(kind(_first_sentence(kind)))}},
        }
        for kind in kinds
    }


def render(problem: Problem) -> Response:
    """The response for a problem."""
    return Response(orjson.dumps(_body(problem)), problem.status, problem.headers, MEDIA_TYPE)


def internal_error() -> Problem:
    """What a client sees of an error that nobody expected: its trace id and nothing else."""
    return Problem("The service failed to answer. It has been logged under the trace id.", trace_id=trace_id())


def install(app: FastAPI) -> None:
    """Render every error of the app as a problem."""
    app.add_exception_handler(Problem, _on_problem)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(HTTPException, _on_http_exception)
    app.add_exception_handler(Exception, _on_anything)


def _first_sentence(kind: type[Problem]) -> str:
    return (kind.__doc__ or kind.title).split(": ", 1)[-1].split(". ")[0].rstrip(".").capitalize() + "."


def _body(problem: Problem) -> dict[str, Any]:
    kind = f"urn:toprope:problem:{problem.slug}"
    body = {"type": kind, "title": problem.title, "status": problem.status, "detail": problem.detail, **problem.members}
    if problem.status >= 500 and (trace := trace_id()):
        body.setdefault("trace_id", trace)
    return body


async def _on_problem(request: Request, error: Exception) -> Response:
    return render(cast(Problem, error))


async def _on_invalid(request: Request, error: Exception) -> Response:
    # `input` and `ctx` of pydantic's errors repeat what the client sent; a password may be in it.
    found = cast(RequestValidationError, error).errors()
    errors = [{"field": ".".join(map(str, e["loc"])), "message": e["msg"]} for e in found]
    fields = ", ".join(dict.fromkeys(e["field"] for e in errors))
    return render(Unprocessable(f"Not valid: {fields}.", errors=errors))


async def _on_http_exception(request: Request, error: Exception) -> Response:
    raised = cast(HTTPException, error)
    kind = _KNOWN.get(raised.status_code)
    if kind is None:
        return render(_unnamed(raised))
    return render(kind(f"{kind.title}.", headers=raised.headers))


async def _on_anything(request: Request, error: Exception) -> Response:
    # Logged by the telemetry middleware, to which Starlette raises it again after this answer.
    return render(internal_error())


def _unnamed(raised: HTTPException) -> Problem:
    phrases = {status.value: status.phrase for status in HTTPStatus}
    problem = Problem(f"{phrases.get(raised.status_code, 'Error')}.", headers=raised.headers)
    problem.status = raised.status_code
    problem.title = problem.detail.rstrip(".")
    problem.slug = problem.title.lower().replace(" ", "-")
    return problem


_NAMED = (BadRequest, Unauthorized, Forbidden, NotFound, Conflict, Gone, Unprocessable, TooManyRequests, Unavailable)
_KNOWN: dict[int, type[Problem]] = {kind.status: kind for kind in _NAMED}
