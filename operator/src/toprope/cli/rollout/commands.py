"""`toprope promote`, `abort`, `pause`, `resume`, `retry`, `unfreeze`: orders for the candidate of this moment."""

import asyncio
import uuid
from datetime import UTC, datetime
from typing import Annotated

import typer

from toprope.cli.cluster import reached
from toprope.cli.found import Name, Namespace, found
from toprope.cli.rollout import orders
from toprope.cli.rollout.following import Following
from toprope.cli.rollout.orders import Changes, Order, changes, crossed, refusal
from toprope.cli.rollout.reading import Reading, reading
from toprope.cli.rollout.words import line
from toprope.cli.say import err, fail, out
from toprope.core.names import RECONCILE
from toprope.core.objects import annotations_of

Wait = Annotated[bool, typer.Option("--wait", help="Return when the status shows that it was followed.")]
Within = Annotated[float, typer.Option("--timeout", min=1, help="Seconds that --wait waits; then the exit code is 3.")]


def promote(name: Name, namespace: Namespace = "default", wait: Wait = False, timeout: Within = 120) -> None:
    """Send all requests to the candidate now: no step, no gate and no bake comes between. Ends a pause of it.

    A candidate that is not ready yet gets them as soon as it is. One that crashes, or that the gate fails first, is
    taken back all the same.

    Example: toprope promote links --wait
    """
    asyncio.run(_given(orders.PROMOTE, (name, namespace), timeout if wait else None))


def abort(name: Name, namespace: Namespace = "default", wait: Wait = False, timeout: Within = 120) -> None:
    """Take all requests back from the candidate and give it up. Wins over every other order.

    The spec still names that release: put it back to the stable one, or write another. `toprope retry` tries it again.

    Example: toprope abort links --wait
    """
    asyncio.run(_given(orders.ABORT, (name, namespace), timeout if wait else None))


def pause(name: Name, namespace: Namespace = "default", wait: Wait = False, timeout: Within = 120) -> None:
    """Keep the candidate where it is, at the weight that it has. A bad one is taken back all the same.

    Example: toprope pause links
    """
    asyncio.run(_given(orders.PAUSE, (name, namespace), timeout if wait else None))


def resume(name: Name, namespace: Namespace = "default", wait: Wait = False, timeout: Within = 120) -> None:
    """Let a paused candidate go on: takes the annotation toprope.dev/pause away.

    Example: toprope resume links
    """
    asyncio.run(_given(orders.RESUME, (name, namespace), timeout if wait else None))


def retry(name: Name, namespace: Namespace = "default", wait: Wait = False, timeout: Within = 120) -> None:
    """Try a failed candidate again, from the beginning. Earlier orders for it, as an abort, are taken away.

    Example: toprope retry links --wait
    """
    asyncio.run(_given(orders.RETRY, (name, namespace), timeout if wait else None))


def unfreeze(name: Name, namespace: Namespace = "default", wait: Wait = False, timeout: Within = 120) -> None:
    """Let this candidate go on though an error budget is spent.

    Example: toprope unfreeze links
    """
    asyncio.run(_given(orders.UNFREEZE, (name, namespace), timeout if wait else None))


COMMANDS = (promote, abort, pause, resume, retry, unfreeze)


async def _given(order: Order, named: tuple[str, str], within: float | None) -> None:
    async with reached() as cluster:
        one = reading(*await found(cluster, *named))
        if why := refusal(order, one):
            fail(why)
        wanted = changes(order, one, uuid.uuid4().hex[:8])
        written = reading(one.kind, await cluster.annotate(one.ref, wanted))
        for sentence in given(order, one, wanted):
            out.print(sentence, markup=False)
        if annotations_of(one.live).get(RECONCILE) == "disabled":
            err.print(f"It is followed once {RECONCILE}: disabled is gone.", style="yellow", markup=False)
        if within is not None:
            await _followed(order, str(one.candidate), wanted, Following(cluster, written, within))


def given(order: Order, one: Reading, wanted: Changes) -> list[str]:
    """What was done, in sentences."""
    return [
        f"{one.ref}: {key} {'is taken away' if value is None else f'is {value}'}." for key, value in wanted.items()
    ] + [f"To {order.name} revision {one.candidate} {order.does}."]


async def _followed(order: Order, candidate: str, wanted: Changes, following: Following) -> None:
    value = next(iter(wanted.values())) or candidate
    told = ""
    async for one in following.looks():
        now = datetime.now(UTC)
        if (said := f"{one.phase} {one.rollout.reason}") != told:
            err.print(line(one, now), markup=False)
            told = said
        if order.shows(one, value):
            out.print(f"Followed: revision {candidate} is {told_of(one, candidate)}.", markup=False)
            return
        if why := crossed(order, one, candidate):
            fail(why)


def told_of(one: Reading, candidate: str) -> str:
    """What the revision is now."""
    return "stable" if one.revision.stable == candidate else f"{one.phase}, {one.rollout.reason}"
