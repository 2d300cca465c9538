"""The database's history, oldest first; Alembic walks it, `shortener migrate` starts it.

A step that takes something away is a release of its own, and says since which step no release uses that any more:

    unused_since = "0008"
"""

from pathlib import Path


def names() -> frozenset[str]:
    """The steps of this release, by their files: a web worker has no time for Alembic."""
    return frozenset(path.name.split("_")[0] for path in Path(__file__).parent.glob("versions/[0-9]*_*.py"))
