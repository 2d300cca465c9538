"""`toprope slo prove`: tests for promtool that prove the rules of a manifest's SLOs."""

import asyncio
import os
import shutil
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

import typer

from toprope.cli.say import err, fail, out
from toprope.cli.slo.file import File, From, Name, Namespace, as_rules, whole
from toprope.slo.proof import promtool_test, scenarios
from toprope.slo.rule_sets import RuleSet, rule_groups

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
    promised = whole(file, written_by, namespace, name)
    tests = [path for promise in promised for path in _written(promise, out_dir, only or [])]
    if not tests:
        fail("There is nothing to prove: no SLO, or no scenario of that name.", code=2)
    promtool = os.environ.get("TOPROPE_PROMTOOL") or shutil.which("promtool")
    if promtool is None:
        err.print(f"{len(tests)} tests written to {out_dir}; promtool is not here to run them.", markup=False)
        return
    failed = asyncio.run(_run(promtool, tests))
    if failed:
        fail(f"{len(failed)} of {len(tests)} proofs failed: {', '.join(str(each) for each in failed)}")
    out.print(f"{len(tests)} proofs hold.", markup=False)


def _written(promise: RuleSet, folder: Path, only: Sequence[str]) -> Iterator[Path]:
    ruled = promise.ruled
    assert ruled is not None  # noqa: S101 - `whole` has made sure
    place = folder / ruled.identity.namespace / ruled.identity.name / ruled.identity.slo
    place.mkdir(parents=True, exist_ok=True)
    (place / RULES).write_text(as_rules(rule_groups([promise])), encoding="utf-8")
    for scenario in scenarios(ruled):
        if only and scenario.name not in only:
            continue
        try:
            test = promtool_test(ruled, scenario, RULES)
        except ValueError as reason:
            err.print(f"not proved: {reason}", markup=False)
            return
        path = place / f"{scenario.name}.yaml"
        path.write_text(as_rules(test), encoding="utf-8")
        yield path


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
