"""Golden files: `<case>.in.yaml` is a resource and the Secrets it names, `<case>.out.yaml` all that becomes of it.

`python -m tests.support.golden FOLDER` writes the out files anew; a person reads the difference before it is committed.
"""

import asyncio
import sys
from pathlib import Path

import yaml

from tests.support.engine import INSTALLATION
from toprope.cli.rendering import children, resource_from
from toprope.kinds import KINDS
from toprope.schema.text import as_yaml


def cases(folder: Path) -> list[Path]:
    """The in files of a folder."""
    return sorted(folder.glob("*.in.yaml"))


def out_of(case: Path) -> Path:
    """The out file of a case."""
    return case.with_name(case.name.replace(".in.yaml", ".out.yaml"))


def rendered(case: Path) -> str:
    """What the out file should hold."""
    manifest, *secrets = yaml.safe_load_all(case.read_text(encoding="utf-8"))
    return as_yaml(asyncio.run(children(*resource_from(manifest, KINDS, INSTALLATION), secrets)))


def main(folder: Path) -> None:
    """Write all out files of a folder anew."""
    for case in cases(folder):
        out_of(case).write_text(rendered(case), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
