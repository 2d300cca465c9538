"""The API's description, with the one route that FastAPI does not know: the redirect."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from shortener.slugs import PATTERN
from toprope_kit.problem import Forbidden, Gone, NotFound, TooManyRequests, Unavailable, problem_responses

SLUG = {
    "name": "slug",
    "in": "path",
    "required": True,
    "description": "The last part of the short address.",
    "schema": {"type": "string", "pattern": PATTERN},
    "example": "spring",
}
PROBLEMS = {
    str(status): answer
    for status, answer in problem_responses(Forbidden, NotFound, Gone, TooManyRequests, Unavailable).items()
}
LOCATION = {"Location": {"description": "The target.", "schema": {"type": "string"}, "example": "https://example.org/"}}
PAGE = {
    "description": "The link asks for a password, and the client is a browser.",
    "content": {"text/html": {"schema": {"type": "string"}, "example": "<!doctype html>…"}},
}
PASSWORD = {
    "type": "object",
    "properties": {
        "password": {"type": "string", "description": "The link's password; links without one do not look at it."}
    },
}


def redirect_routes() -> dict[str, Any]:
    """`/{slug}` as OpenAPI."""
    found = {"description": "To the target.", "headers": LOCATION}
    return {
        "parameters": [SLUG],
        "get": {
            "operationId": "followLink",
            "summary": "Follow a link",
            "description": "Leads to the target, and counts as a visit.",
            "tags": ["redirect"],
            "security": [],
            "responses": {"200": PAGE, "302": found, **PROBLEMS},
        },
        "post": {
            "operationId": "openLink",
            "summary": "Follow a link with its password",
            "description": "What the page with the password form sends.",
            "tags": ["redirect"],
            "security": [],
            "requestBody": {
                "content": {
                    "application/x-www-form-urlencoded": {"schema": PASSWORD, "example": {"password": "correct horse"}}
                },
            },
            "responses": {"302": found, "303": found, **PROBLEMS},
        },
    }


def install(app: FastAPI) -> None:
    """Make the app describe itself whole; computed once, when it is first asked for."""

    def described() -> dict[str, Any]:
        if not app.openapi_schema:
            schema = get_openapi(
                title=app.title,
                version=app.version,
                description="Short links, their redirects and their statistics. Errors are RFC 9457 problems.",
                routes=app.routes,
                tags=[
                    {"name": "links", "description": "Make and keep links; needs an API key."},
                    {"name": "redirect", "description": "What visitors see."},
                ],
            )
            schema["paths"]["/{slug}"] = redirect_routes()
            app.openapi_schema = schema
        return app.openapi_schema

    app.openapi = described  # type: ignore[method-assign]
