"""What the API does for a tenant: makes, shows, changes and removes links. No HTTP here, and no SQL."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from pydantic import SecretStr

from shortener import cursors, idempotency, slugs, targets
from shortener.links import NEWEST, Links, Row, of_tenant
from shortener.models import Link, LinkChange, LinkPage, NewLink, Statistics
from shortener.passwords import Passwords
from shortener.settings import ShortenerSettings
from shortener.statistics import statistics
from toprope_kit.database import Database
from toprope_kit.problem import Conflict, Unavailable

TRIES = 5
"""Slugs made up for one link before we say that they are too short; each is a letter longer."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, and by which address the service was reached."""

    tenant: int
    base: str
    """Base of short links, without a final slash."""


@dataclass(frozen=True, slots=True)
class Made:
    """A link, and whether this request, now or when it first came, made it."""

    link: Link
    new: bool


class Desk:
    """Serves all tenants, each one only its own links."""

    def __init__(self, database: Database, passwords: Passwords, settings: ShortenerSettings) -> None:
        self._database = database
        self._passwords = passwords
        self._slug_length = settings.slug_length
        self._reserved = settings.reserved()

    async def make(self, caller: Caller, asked: NewLink, key: str | None) -> Made:
        """A new link; or the one that there is, when asked to look or when the same request came before."""
        self._check(caller, asked.target, asked.fallback_target)
        slug = slugs.checked(asked.slug, self._reserved) if asked.slug else None
        password = await self._hashed(asked.password)
        async with of_tenant(self._database, caller.tenant) as links:
            if key is None:
                return await self._make(links, caller, asked, (slug, password))
            request = idempotency.digest(asked)
            if earlier := await idempotency.earlier_answer(links.connection, key, request):
                answer, when = earlier
                link = Link.model_validate(answer)
                # As the first answer said: a link that was only found is older than the request.
                return Made(link, new=link.created_at == when)
            made = await self._make(links, caller, asked, (slug, password))
            await idempotency.keep_answer(links.connection, key, made.link.model_dump_json(by_alias=True).encode())
            return made

    async def show(self, caller: Caller, slug: str) -> Link:
        """One link."""
        async with of_tenant(self._database, caller.tenant) as links:
            return shown(await links.get(slug), caller.base)

    async def page(self, caller: Caller, cursor: str | None, most: int) -> LinkPage:
        """Links, newest first."""
        async with of_tenant(self._database, caller.tenant) as links:
            key = await links.key()
            before = NEWEST if cursor is None else cursors.before(cursor, key)
            rows = await links.page(before, most + 1)
        more = len(rows) > most
        items = [shown(row, caller.base) for row in rows[:most]]
        return LinkPage(items=items, next=cursors.cursor(rows[most - 1]["id"], key) if more else None)

    async def change(self, caller: Caller, slug: str, asked: LinkChange) -> Link:
        """The link as it is from now on; every worker knows within a second."""
        self._check(caller, asked.target, asked.fallback_target)
        values: dict[str, Any] = asked.model_dump(include=asked.model_fields_set)
        if "password" in values:
            values["password_hash"] = await self._hashed(values.pop("password"))
        async with of_tenant(self._database, caller.tenant) as links:
            return shown(await links.change(slug, values), caller.base)

    async def remove(self, caller: Caller, slug: str) -> None:
        """The link and its statistics are gone."""
        async with of_tenant(self._database, caller.tenant) as links:
            await links.remove(slug)

    async def statistics(self, caller: Caller, slug: str, since: date, until: date) -> Statistics:
        """Visits of one link, from since to until, both included."""
        async with of_tenant(self._database, caller.tenant) as links:
            await links.get(slug)
            return await statistics(links.connection, slug, since, until)

    async def _make(self, links: Links, caller: Caller, asked: NewLink, made_up: tuple[str | None, str | None]) -> Made:
        slug, password = made_up
        conditions = (
            asked.target, asked.fallback_target, asked.valid_from, asked.valid_until, asked.visit_limit, password
        )  # fmt: skip
        if asked.find_if_exists and password is None and (row := await links.same(conditions, slug)):
            return Made(shown(row, caller.base), new=False)
        return Made(shown(await self._added(links, slug, conditions), caller.base), new=True)

    async def _added(self, links: Links, slug: str | None, conditions: tuple[object, ...]) -> Row:
        if slug is not None:
            row = await links.add(slug, conditions)
            if row is None:
                raise Conflict("This slug is taken; choose another one.")
            return row
        for longer in range(TRIES):
            if row := await links.add(slugs.generated(self._slug_length + longer, self._reserved), conditions):
                return row
        raise Unavailable("No free slug was found; ask for a greater slug length.", retry_after=5)

    def _check(self, caller: Caller, target: str | None, fallback: str | None) -> None:
        own = frozenset({targets.host_of(caller.base)})
        if target is not None:
            targets.checked(target, own)
        if fallback is not None:
            targets.checked(fallback, own, "body.fallbackTarget")

    async def _hashed(self, password: SecretStr | None) -> str | None:
        return await self._passwords.hashed(password.get_secret_value()) if password else None


def shown(row: Row, base: str) -> Link:
    """A row as its tenant sees it."""
    values: Mapping[str, Any] = {name: value for name, value in row.items() if name != "id"}
    return Link(short_url=f"{base}/{row['slug']}", **values)
