"""Redirects with clicks recorded, against a bare FastAPI redirect in the same run: `python -m bench.redirects`.

All servers run side by side, one worker each, and are asked in turns, so that a noisy neighbour hurts all alike;
figures are medians over the rounds. The generator is a process of its own on the same machine. A cost is the CPU time
of the worker for one request, with a part and without it: it does not depend on who else uses the machine.
"""

import argparse
import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from statistics import median

import asyncpg

from bench.redirect_servers import LINKS, Target, World, kit, number, plain, says, world
from bench.report import Figure, machine, tell
from workloads.shortener.tests.servers import APP_PASSWORD, SUPERUSER_PASSWORD, until

OURS = "ours"
KITS: Mapping[str, Mapping[str, str]] = {
    OURS: {},
    "ours without rate limit": {"SHORTENER_ADDRESS_REQUESTS_PER_MINUTE": "0"},
    "ours with every request logged": {"ACCESS_LOG": "all"},
}
PLAIN = {"bare": "bare", "ours without histogram": "uncounted", "ours without histogram and clicks": "unrecorded"}
UNRECORDED = frozenset({"bare", "ours without histogram and clicks"})


def closed_loop(targets: Mapping[str, Target], rounds: int, seconds: float) -> None:
    """Each in turn, as fast as it answers; the first round warms up and does not count."""
    for turn in range(rounds + 1):
        for target in targets.values():
            seen = target.ask("--seconds", str(seconds if turn else 1), "--connections", "20")
            if turn:
                target.rates.append(seen["redirects"] / seen["took"])
            else:
                target.costs.clear()


def throughput(targets: Mapping[str, Target]) -> list[Figure]:
    """Requests a second, and what each part costs."""
    ours, bare = targets[OURS], targets["bare"]
    share = median(mine / its for mine, its in zip(ours.rates, bare.rates, strict=True))
    rate, cost = median(bare.rates), median(ours.costs)
    figures = [
        Figure("redirects of one worker", median(ours.rates), "1/s", baseline=f"bare FastAPI redirect {rate:,.0f} 1/s"),
        Figure("as share of the bare redirect", share, "", ">= 0.80", share >= 0.8),
        Figure("CPU of one redirect", cost, "µs", baseline=f"bare FastAPI redirect {median(bare.costs):.0f} µs"),
    ]
    costs = {name: median(target.costs) for name, target in targets.items()}
    without = costs["ours without histogram"]
    parts = {
        "cost of the rate limit": cost - costs["ours without rate limit"],
        "cost of histogram and trace id": cost - without,
        "cost of recording the click": without - costs["ours without histogram and clicks"],
        "cost of logging every request (default: errors only)": costs["ours with every request logged"] - cost,
    }
    return figures + [Figure(name, value, "µs") for name, value in parts.items()]


def open_loop(ours: Target, bare: Target, rate: int, seconds: float) -> list[Figure]:
    """So many visits a second, come what may; the bare redirect's times say what the machine itself adds."""
    words = ("--rate", str(rate), "--connections", "50", "--slugs", str(LINKS))
    ours.ask(*words, "--seconds", "2")
    its, seen = bare.ask(*words, "--seconds", str(seconds)), ours.ask(*words, "--seconds", str(seconds))
    missing = rate * seconds - seen["redirects"]

    def figure(share: str, goal: str = "", met: bool | None = None) -> Figure:
        said = f"bare FastAPI redirect {its[share]:.1f} ms"
        return Figure(f"{share} at {rate:,} visits a second, open loop", seen[share], "ms", goal, met, said)

    return [
        figure("p50"),
        figure("p95", "< 50", seen["p95"] < 50),
        figure("p99"),
        Figure("of them not redirected", missing, "", "0", missing == 0),
    ]


def lost(here: World, targets: Mapping[str, Target], probes: int) -> Figure:
    """Clicks of all answered redirects that do not reach the database."""
    answered = probes + sum(target.redirects for name, target in targets.items() if name not in UNRECORDED)
    with suppress(TimeoutError):
        until(lambda: here.recorded() >= answered, "every click arrives", 10)
    missing = answered - here.recorded()
    return Figure("clicks lost", missing, "", "0", missing == 0, f"{answered:,} redirects answered")


def at_sigterm(here: World) -> Figure:
    """Clicks lost when the pod is asked to go under load."""
    before = here.recorded()
    with kit(here, OURS, {}) as target:
        crowd = crowded(here, target, before)
        target.process.send_signal(signal.SIGTERM)
        target.process.wait(60)
        redirects = int(json.loads(crowd.communicate(timeout=60)[0])["redirects"])
    missing = max(0, redirects - (here.recorded() - before))
    return Figure(
        "clicks lost at SIGTERM under load", missing, "", "0", missing == 0, f"{redirects:,} redirects answered"
    )


def at_sigkill(here: World) -> list[Figure]:
    """Clicks lost when the worker dies under load, and how many of them the supervisor counted."""
    before = here.recorded()
    with kit(here, OURS, {}) as target:
        crowd = crowded(here, target, before)
        os.kill(target.worker.pid, signal.SIGKILL)
        seen = json.loads(crowd.communicate(timeout=60)[0])
        redirects, last_second = int(seen["redirects"]), int(seen["last_second"])
        until(lambda: says(target.ops + "/readyz"), "the next worker is ready", 60)
        counted = number(target, 'shortener_clicks_dropped_total{reason="killed"}')
        target.process.send_signal(signal.SIGTERM)
        target.process.wait(60)
    missing = max(0, redirects - (here.recorded() - before))
    goal = f"<= {last_second:,} (1 s)"
    return [
        Figure("clicks lost at SIGKILL under load", missing, "", goal, missing <= last_second),
        Figure("of them not counted as lost", max(0, missing - counted), "", "0", missing <= counted),
    ]


def crowded(here: World, target: Target, before: int) -> "subprocess.Popen[bytes]":
    """Visitors of this server, some of whom are recorded already."""
    command = [sys.executable, "-m", "bench.visitors", target.url, "--seconds", "5", "--connections", "10"]
    crowd = subprocess.Popen(command, stdout=subprocess.PIPE)
    until(lambda: here.recorded() > before + 1_000, "visits are recorded")
    return crowd


async def row_security(here: World, turns: int = 20) -> Figure:
    """One link asked of the database: by the function that crosses tenants, and by a tenant under its policy."""
    place = {"host": "127.0.0.1", "port": here.postgres.port, "database": "app"}
    app = await asyncpg.connect(**place, user="app", password=APP_PASSWORD)
    above = await asyncpg.connect(**place, user="postgres", password=SUPERUSER_PASSWORD)
    await app.execute("SELECT set_config('toprope.tenant', '1', false)")
    direct = "SELECT id, target FROM shortener.links WHERE slug = $1"
    ways = (above, direct), (app, direct), (app, "SELECT link_id, target FROM shortener.resolve($1)")
    times: list[list[float]] = [[], [], []]
    for _ in range(turns):
        for taken, (connection, query) in zip(times, ways, strict=True):
            taken.extend(await _microseconds(connection, query))
    await asyncio.gather(app.close(), above.close())
    bare, policy, function = map(median, times)
    said = f"without row security {bare:.0f} µs; by the function that a redirect asks {function:.0f} µs"
    return Figure("one question to the database under row security", policy, "µs", baseline=said)


async def _microseconds(connection: asyncpg.Connection, query: str, count: int = 100) -> list[float]:
    times = []
    for index in range(count):
        began = time.perf_counter()
        await connection.fetchrow(query, f"bench{index % LINKS}")
        times.append(1e6 * (time.perf_counter() - began))
    return times


def measured(rounds: int, seconds: float) -> list[Figure]:
    """All figures."""
    with world() as here, ExitStack() as stack:
        targets = {name: stack.enter_context(kit(here, name, more)) for name, more in KITS.items()}
        targets |= {name: stack.enter_context(plain(here, name, app)) for name, app in PLAIN.items()}
        probes = sum(name not in UNRECORDED for name in PLAIN)  # `plain` follows one link to see that it serves
        closed_loop(targets, rounds, seconds)
        figures = throughput(targets)
        figures.append(lost(here, targets, probes))
        stack.close()
        with kit(here, OURS, {}) as alone, plain(here, "bare", PLAIN["bare"]) as bare:
            figures += open_loop(alone, bare, 1_000, 10)
        figures.append(asyncio.run(row_security(here)))
        return [*figures, at_sigterm(here), *at_sigkill(here)]


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="redirects of one worker, and what each part of them costs")
    parser.add_argument("-o", dest="output", choices=["text", "json"], default="text")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=3)
    asked = parser.parse_args()
    figures = measured(asked.rounds, asked.seconds)
    where = machine("fastapi", "uvicorn", "uvloop", "asyncpg", "redis")
    tell("redirects", figures, where, as_json=asked.output == "json")


if __name__ == "__main__":
    main()
