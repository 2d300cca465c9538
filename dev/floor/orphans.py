"""Floors whose owner died without stopping them: found by a small file each, and ended.

With them ends whatever else an owner that is gone left running: operators of tests, say.
"""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

from dev import processes


@dataclass(frozen=True, slots=True)
class Claim:
    """Says which process a floor belongs to."""

    path: Path
    house: Path

    def release(self) -> None:
        """The floor is stopped."""
        self.path.unlink(missing_ok=True)


def claim(folder: Path, house: Path, port: int, owner: int) -> Claim:
    """Written before the first process of the floor starts."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{port}.json"
    draft = path.with_suffix(".part")
    draft.write_text(json.dumps({"owner": owner, "born": processes.born(owner), "house": str(house)}))
    draft.rename(path)
    return Claim(path, house)


def sweep(folder: Path) -> list[Path]:
    """Stop every floor whose owner is gone and forget its data; returns their folders."""
    processes.sweep()
    swept = []
    for path in sorted(folder.glob("*.json")):
        record = json.loads(path.read_text())
        if processes.born(record["owner"]) == record["born"]:
            continue
        house = Path(record["house"])
        processes.stop(processes.living(house), grace=0)
        shutil.rmtree(house / "etcd", ignore_errors=True)
        path.unlink(missing_ok=True)
        swept.append(house)
    return swept
