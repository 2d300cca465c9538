"""`toprope slo prove`: tests for promtool that prove the rules of a manifest's SLOs."""

import asyncio
import os
import shutil
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from toprope.cli.say import err, fail, out
from toprope.cli.slo.file import File, From, Name, Namespace, as_rules, whole
from toprope.slo.proof import promtool_test
from toprope.slo.rule_sets import RuleSet, rule_groups
from toprope.slo.rules import Ruled
from toprope.slo.stories import scenarios

RULES, PATIENCE = "rules.yaml", 900.0


def prove(
    file: File,
    out_dir: Annotated[Path, typer.Option("--out", help="Folder for the tests.")] = Path("slo-proof"),
    only: Annotated[list[str] | None, typer.Option(help="Name of a scenario; may be given again.")] = None,
    written_by: From = None,
    namespace: Namespace = None,
    name: Name = None,
) -> None:
    """Write promtool unit tests that prove when the alerts fire, and run them when promtool is there.

    The expected times come from the maths of burn rates, not from the rules. $TOPROPE_PROMTOOL names a promtool that
    is not on the PATH. Exit code 1 when a proof fails.

    Example: toprope slo prove -f examples/links.yaml --only outage
    """
    promised = [(one, one.ruled) for one in whole(file, written_by, namespace, name) if one.ruled]
    known = list(dict.fromkeys(scenario.name for _, ruled in promised for scenario in scenarios(ruled)))
    if strange := [each for each in only or [] if each not in known]:
        fail(f"No scenario is called {', '.join(strange)}; there are {', '.join(known) or 'none, and no SLO'}.", code=2)
    unproved: list[str] = []
    tests: list[Path] = []
    for promise, ruled in promised:
        try:
            tests += _written(promise, ruled, out_dir, only or known)
        except ValueError as reason:
            unproved.append(f"{file}: SLO {ruled.identity.slo}: not proved: {reason}.")
    _held(tests, out_dir, unproved)


def _held(tests: Sequence[Path], out_dir: Path, unproved: list[str]) -> None:
    promtool = os.environ.get("TOPROPE_PROMTOOL") or shutil.which("promtool")
    if not tests and not unproved:
        fail("There is nothing to prove: no SLO has an alert.", code=2)
    if tests and promtool is None:
        err.print(f"{len(tests)} tests written to {out_dir}; promtool is not here to run them.", markup=False)
    elif promtool and (failed := asyncio.run(_run(promtool, tests))):
        named = ", ".join(str(each) for each in failed)
        unproved.append(f"{len(failed)} of {len(tests)} proofs failed: {named}")
    elif promtool and tests:
        out.print(f"{len(tests)} proofs hold.", markup=False)
    if unproved:
        fail("\n".join(unproved))


def _written(promise: RuleSet, ruled: Ruled, folder: Path, only: Sequence[str]) -> Sequence[Path]:
    """The tests of an SLO; ValueError where there can be none."""
    if not ruled.promise.severities:
        err.print(f"SLO {ruled.identity.slo} has no alert: alerting.page and .ticket are false.", markup=False)
        return ()
    place = folder / ruled.identity.namespace / ruled.identity.name / ruled.identity.slo
    place.mkdir(parents=True, exist_ok=True)
    (place / RULES).write_text(as_rules(rule_groups([promise])), encoding="utf-8")
    told = {each.name: promtool_test(ruled, each, RULES) for each in scenarios(ruled) if each.name in only}
    for name, test in told.items():
        (place / f"{name}.yaml").write_text(as_rules(test), encoding="utf-8")
    return [place / f"{name}.yaml" for name in told]


async def _run(promtool: str, tests: Sequence[Path]) -> list[Path]:
    """The tests that fail; as many at once as there are cores."""
    cores = asyncio.Semaphore(os.cpu_count() or 1)
    return [test for test in await asyncio.gather(*(_one(promtool, test, cores) for test in tests)) if test]


async def _one(promtool: str, test: Path, cores: asyncio.Semaphore) -> Path | None:
    async with cores:
        began = time.monotonic()
        process = await asyncio.create_subprocess_exec(
            promtool, "test", "rules", str(test), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
        )
        try:
            async with asyncio.timeout(PATIENCE):
                said, _ = await process.communicate()
        except TimeoutError:
            process.kill()
            said = f"promtool did not end within {PATIENCE:.0f} s".encode()
    holds = process.returncode == 0
    err.print(f"{'holds' if holds else 'FAILS'} {test} ({time.monotonic() - began:.0f} s)", markup=False)
    if not holds:
        err.print(said.decode(errors="replace"), markup=False)
    return None if holds else test
