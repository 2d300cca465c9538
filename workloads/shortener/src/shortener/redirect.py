"""The redirect, as bare ASGI: the one route that answers a hundred times as often as all others.

    limit of the address ─► memory ─► cache, database ─► outcome ─┬─► 302, and a click
                                                                  ├─► password asked (GET) or checked (POST)
                                                                  ├─► counted by the database (visit limit)
                                                                  └─► fallback target, or a problem

The common case, a plain link in this worker's memory, waits for nothing. A HEAD looks and is not counted.
"""

import time
from collections.abc import Awaitable, Callable
from urllib.parse import parse_qs

from shortener import page
from shortener.clicks import Click, Clicks
from shortener.entry import Entry, Headers, Outcome, redirect_headers
from shortener.limits import Limits, note
from shortener.lookup import Lookup
from shortener.passwords import Passwords
from shortener.service import ORPHANS, REDIRECT
from shortener.slugs import is_slug
from shortener.visitors import Visitor, rate_group, visitor
from toprope_kit.asgi import Receive, Scope, Send
from toprope_kit.memory import Slot
from toprope_kit.problem import Forbidden, Gone, NotFound, Problem, render

PASSWORD_TRIES = 10
"""Wrong passwords that one address may try at one link a minute."""

LINK_TRIES = 120
"""Wrong passwords that all addresses together may try at one link a minute."""

LONGEST_FORM = 4096
"""Bytes of a form with a password; more is nobody's password."""

UNTOLD: Headers = ((b"cache-control", b"no-store"), (b"content-length", b"0"))
"""The answer to a HEAD of a link whose visits are counted: a redirect that leads nowhere."""

Admit = Callable[[int], Awaitable[bool]]


class Redirect:
    """Answers `/{slug}`."""

    def __init__(
        self, lookup: Lookup, clicks: Clicks, limits: Limits, passwords: Passwords, admit: Admit, numbers: Slot
    ) -> None:
        self._lookup = lookup
        self._clicks = clicks
        self._limits = limits
        self._passwords = passwords
        self._admit = admit
        self._orphans = numbers.cell(ORPHANS)
        self.address_limit = 0
        self.proxies = 1

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One visit; every error is a problem."""
        scope["toprope.route"] = REDIRECT
        try:
            client = scope.get("client") or ("", 0)
            who = visitor(client[0], scope["headers"], self.proxies)
            if self.address_limit:
                verdict = self._limits.take("address", rate_group(who.address), self.address_limit)
                note(scope, verdict, "This address asks for too many links.")
            slug = scope["path"][1:]
            entry = self._lookup.at_once(slug)
            if entry is None:
                entry = await self._found(slug)
            if not entry.plain:
                await self._conditional(entry, who, scope, receive, send)
                return
            # Counted first: a worker that is killed in between may lose no click that nobody knows of.
            self._count(entry, who, scope)
            await answer(send, 302, entry.headers)
        except Problem as problem:
            await render(problem)(scope, receive, send)

    async def _found(self, slug: str) -> Entry:
        entry = await self._lookup.find(slug) if is_slug(slug) else None
        if entry is None:
            self._orphans.add(1)
            raise NotFound("There is no such link.")
        return entry

    def _count(self, entry: Entry, who: Visitor, scope: Scope) -> None:
        if scope["method"] != "HEAD":
            self._clicks.add(Click(entry.link_id, time.time(), who.referrer, who.agent, who.address))

    async def _conditional(self, entry: Entry, who: Visitor, scope: Scope, receive: Receive, send: Send) -> None:
        outcome, status = entry.outcome(time.time()), 302
        if outcome is Outcome.ASK_PASSWORD:
            if not await self._password_given(entry, who, scope, receive):
                await ask_password(who, scope, receive, send)
                return
            status = 303  # the browser posted a form; it must not post it to the target
            outcome = Outcome.GO if entry.visit_limit is None else Outcome.ADMIT
        if outcome is Outcome.ADMIT and scope["method"] == "HEAD":
            # It takes no visit, so it is not told where a visit would lead, nor whether there is one left.
            await answer(send, status, UNTOLD)
            return
        if outcome is Outcome.ADMIT and not await self._admit(entry.link_id):
            outcome = Outcome.ENDED
        if outcome in (Outcome.GO, Outcome.ADMIT):
            self._count(entry, who, scope)
            await answer(send, status, entry.headers)
        else:
            await answer(send, status, refused(entry, outcome))

    async def _password_given(self, entry: Entry, who: Visitor, scope: Scope, receive: Receive) -> bool:
        if scope["method"] != "POST":
            return False
        tries = (f"{entry.link_id} {rate_group(who.address)}", str(entry.link_id))
        await self._within_tries(tries, scope)
        password = parse_qs((await body(receive)).decode("latin-1"), encoding="utf-8").get("password", [""])[0]
        right = bool(password) and await self._passwords.right(entry.password_hash or "", password)
        if right:
            for caller in tries:
                await self._limits.give_back("password", caller)
        return right

    async def _within_tries(self, tries: tuple[str, str], scope: Scope) -> None:
        # The address first: what it is refused takes nothing from the link, which everybody shares.
        of_address = await self._limits.take_now("password", tries[0], PASSWORD_TRIES)
        note(scope, of_address, "Too many passwords were tried.")
        of_link = await self._limits.take_now("password", tries[1], LINK_TRIES)
        if not of_link.allowed:
            note(scope, of_link, "Too many passwords were tried.")


def refused(entry: Entry, outcome: Outcome) -> Headers:
    """To the fallback target, which a disabled link has no more; a problem when there is none."""
    if outcome is Outcome.DISABLED:
        raise Gone("This link was switched off.")
    if entry.fallback_target is not None:
        return redirect_headers(entry.fallback_target)
    if outcome is Outcome.NOT_YET:
        raise NotFound("This link is not open yet.")
    raise Gone("This link has ended.")


async def ask_password(who: Visitor, scope: Scope, receive: Receive, send: Send) -> None:
    """The page with the form for a browser, a problem for everything else."""
    tried = scope["method"] == "POST"
    if b"text/html" in who.accept:
        await page.password_form(wrong=tried)(scope, receive, send)
    elif tried:
        raise Forbidden("That is not the password of this link.")
    else:
        raise Forbidden("This link asks for a password: POST it as the form field `password`.")


async def answer(send: Send, status: int, headers: Headers) -> None:
    """A response without a body."""
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body"})


async def body(receive: Receive) -> bytes:
    """The request's body; Forbidden when it is longer than any form with a password."""
    content: bytes = b""
    while True:
        message = await receive()
        content += message.get("body", b"")
        if len(content) > LONGEST_FORM:
            raise Forbidden("That is not the password of this link.")
        if not message.get("more_body"):
            return content
