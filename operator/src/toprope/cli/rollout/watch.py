"""`toprope watch`: a rollout while it moves, until it is over."""

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.console import Console
from rich.live import Live

from toprope.cli.cluster import reached
from toprope.cli.found import Name, Namespace, found
from toprope.cli.rollout.explained import as_json
from toprope.cli.rollout.following import Following
from toprope.cli.rollout.orders import ended
from toprope.cli.rollout.reading import Reading, reading
from toprope.cli.rollout.view import view
from toprope.cli.rollout.words import judged, line, serves
from toprope.cli.say import Format, err, fail, out
from toprope.core.conditions import timestamp

Show = Callable[[Reading], None]


def watch(
    name: Name,
    namespace: Namespace = "default",
    timeout: Annotated[
        float | None, typer.Option(min=1, help="Seconds to watch at most; then the exit code is 3. Default: no bound.")
    ] = None,
    output: Annotated[Format, typer.Option("--output", "-o", help="json is one line for each change.")] = "text",
) -> None:
    """Follow a release until it is over: weights, both error rates, evidence towards pass and fail, time left.

    Redraws on a terminal, and else prints a line for each change. Exit code 0: the spec's release is stable; 1: it was
    taken back, given up, or has failed; 3: not over in time.

    Example: toprope watch links --timeout 3600
    """
    asyncio.run(_watched(name, namespace, timeout, output))


async def _watched(name: str, namespace: str, within: float | None, output: str) -> None:
    async with reached() as cluster:
        first = reading(*await found(cluster, name, namespace))
        following = Following(cluster, first, within)
        if output == "text" and out.is_terminal:
            # The one for results breaks no lines, and a redraw must know how many there are.
            with Live(console=Console(highlight=False), auto_refresh=False) as live:
                last = await _until_over(following, lambda one: live.update(view(one, datetime.now(UTC)), refresh=True))
        else:
            last = await _until_over(following, _printer(output))
    good, sentence = verdict(*last)
    if not good:
        fail(sentence)
    err.print(sentence, style="bold green", markup=False)


async def _until_over(following: Following, show: Show) -> tuple[Reading, str | None]:
    """The last look, and the last candidate: a release that is superseded is followed by the next one."""
    watched: str | None = None
    async for one in following.looks():
        show(one)
        if not one.is_behind:
            watched = one.candidate or watched
            if one.is_over:
                return one, watched
    raise AssertionError("looks never end by themselves")


def verdict(one: Reading, watched: str | None) -> tuple[bool, str]:
    """Whether the release is stable, and how it ended as a sentence."""
    if watched is None:
        return True, serves(one)
    if one.revision.stable == watched:
        return True, f"Revision {watched} was promoted. {one.rollout.message or ''}"
    how = ended(one, watched)
    told = f"{how.outcome}, {how.reason}: {how.message}" if how else f"{one.rollout.reason}: {one.rollout.message}"
    return False, f"Revision {watched} does not serve. {told}"


def _printer(output: str) -> Show:
    last: list[object] = []

    def show(one: Reading) -> None:
        if last[-1:] != [change_of(one)]:
            last[:] = [change_of(one)]
            now = datetime.now(UTC)
            typer.echo(json.dumps(_told(one, now)) if output == "json" else line(one, now))

    return show


def _told(one: Reading, now: datetime) -> dict[str, object]:
    judgements = [slo.model_copy(update={"kept": None}).dump() for slo in judged(one)]
    return {"at": timestamp(now), **as_json(one, now), "judged": judgements}


def change_of(one: Reading) -> object:
    """What is worth a line of its own: not each count."""
    words = [(slo.slo, slo.verdict, slo.reason) for slo in judged(one)]
    return one.is_behind, one.candidate, one.phase, one.rollout.weight, one.rollout.reason, words
