"""The API under /api/v1. A route parses, calls one thing and returns."""

from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Query, Request, Response
from fastapi import Path as InPath

from shortener.desk import Caller, Desk
from shortener.gate import caller
from shortener.models import Link, LinkChange, LinkPage, NewLink, Statistics
from shortener.slugs import PATTERN
from toprope_kit.problem import (
    BadRequest,
    Conflict,
    NotFound,
    Problem,
    TooManyRequests,
    Unauthorized,
    Unavailable,
    Unprocessable,
    problem_responses,
)

LIMIT_HEADERS: dict[str, Any] = {
    name: {"description": text, "schema": {"type": "integer"}, "example": example}
    for name, text, example in (
        ("RateLimit-Limit", "Requests that this key may make a minute.", 600),
        ("RateLimit-Remaining", "How many are left.", 598),
        ("RateLimit-Reset", "Seconds until the minute ends.", 42),
    )
}
LONGEST_SPAN = timedelta(days=732)
"""Days that one question about statistics may span: two years."""

router = APIRouter(prefix="/api/v1", tags=["links"])

AnyCaller = Annotated[Caller, Depends(caller)]
Slug = Annotated[str, InPath(pattern=PATTERN, description="The last part of the short address.", examples=["spring"])]
IdempotencyKey = Annotated[
    str | None,
    Header(
        min_length=1,
        max_length=128,
        pattern=r"^[\x21-\x7e]+$",
        description="The same key with the same body makes one link, however often it is sent within a day.",
        examples=["8f14e45f-ceea-467f"],
    ),
]


def desk(request: Request) -> Desk:
    """The one desk of this worker."""
    found: Desk = request.app.state.desk
    return found


ADesk = Annotated[Desk, Depends(desk)]


def answers(status: int, text: str, *problems: type[Problem]) -> dict[int | str, dict[str, Any]]:
    """What a route may answer; every route may also ask for a key, a pause or a moment's patience."""
    everywhere = (BadRequest, Unauthorized, TooManyRequests, Unprocessable, Unavailable)
    return {status: {"description": text, "headers": LIMIT_HEADERS}, **problem_responses(*everywhere, *problems)}


@router.post(
    "/links",
    status_code=201,
    operation_id="createLink",
    summary="Make a link",
    responses={
        **answers(201, "The link was made.", Conflict),
        200: {"model": Link, "description": "It was there before; nothing was made.", "headers": LIMIT_HEADERS},
    },
)
async def create_link(
    asked: NewLink, who: AnyCaller, at: ADesk, response: Response, idempotency_key: IdempotencyKey = None
) -> Link:
    """With `slug` its address is what you say, else one is made up. `findIfExists` and the header `Idempotency-Key`
    keep a repeated request from making a second link.
    """
    made = await at.make(who, asked, idempotency_key)
    response.status_code = 201 if made.new else 200
    response.headers["Location"] = f"/api/v1/links/{made.link.slug}"
    return made.link


@router.get(
    "/links",
    operation_id="listLinks",
    summary="List links",
    responses=answers(200, "Some links, newest first."),
)
async def list_links(
    who: AnyCaller,
    at: ADesk,
    cursor: Annotated[str | None, Query(max_length=64, description="`next` of the page before.")] = None,
    limit: Annotated[int, Query(ge=1, le=200, description="Links on a page, at most.")] = 50,
) -> LinkPage:
    """Newest first. Links that are made while you page do not move what is on later pages."""
    return await at.page(who, cursor, limit)


@router.get(
    "/links/{slug}", operation_id="readLink", summary="Read a link", responses=answers(200, "The link.", NotFound)
)
async def read_link(slug: Slug, who: AnyCaller, at: ADesk) -> Link:
    """The link as it is now."""
    return await at.show(who, slug)


@router.patch(
    "/links/{slug}",
    operation_id="changeLink",
    summary="Change or disable a link",
    responses=answers(200, "The link as it is from now on.", NotFound),
)
async def change_link(slug: Slug, asked: LinkChange, who: AnyCaller, at: ADesk) -> Link:
    """Fields that are left out stay as they are. Visits follow the change within a second."""
    return await at.change(who, slug, asked)


@router.delete(
    "/links/{slug}",
    status_code=204,
    response_class=Response,
    operation_id="deleteLink",
    summary="Delete a link",
    responses=answers(204, "The link is gone.", NotFound),
)
async def delete_link(slug: Slug, who: AnyCaller, at: ADesk) -> None:
    """The link, its statistics and its clicks are gone; the slug is free."""
    await at.remove(who, slug)


@router.get(
    "/links/{slug}/statistics",
    operation_id="readStatistics",
    summary="Read a link's statistics",
    responses=answers(200, "Visits by day.", NotFound),
)
async def read_statistics(
    slug: Slug,
    who: AnyCaller,
    at: ADesk,
    since: Annotated[date | None, Query(description="First day, in UTC; default: 30 days before `until`.")] = None,
    until: Annotated[date | None, Query(description="Last day, in UTC; default: today.")] = None,
) -> Statistics:
    """Visits by day in UTC, people and bots apart. A visit shows up within about two seconds."""
    last = until or datetime.now(UTC).date()
    first = since or last - timedelta(days=min(30, (last - date.min).days))
    if not timedelta(0) <= last - first <= LONGEST_SPAN:
        raise BadRequest("`since` must not lie after `until`, nor more than two years before it.")
    return await at.statistics(who, slug, first, last)
