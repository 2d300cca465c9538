"""actionlint, which comes as a Go module only: built once, kept in the user's cache.

`python -m dev.house.actionlint` prints the path of the program.
"""

import sys

from dev.build.binaries import binary, is_built
from dev.build.go import GoBuild
from dev.build.gosets import Stage, Tool
from dev.errors import DevError
from dev.places import places

LINT = Stage(
    "lint", "lint", (Tool("actionlint", "github.com/rhysd/actionlint/cmd/actionlint"),), usual_seconds=30
)  # fmt: skip


def main() -> int:
    """Prints the path; 1 with the reason when it cannot be built."""
    here = places()
    try:
        if not is_built(here, LINT):
            builder = GoBuild(here)
            # Of its own, so that it can be deleted whatever else is being built at this moment.
            builder.scratch = here.cache / "go-scratch-lint"
            builder.build((LINT,))
            builder.forget_scratch()
        print(binary(here, "actionlint", (LINT,)))
    except DevError as error:
        print(f"actionlint is missing: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
