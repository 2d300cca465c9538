"""The command `search`: serve, migrate, ingest, refresh, drop.

Each program imports only what it needs: starting is part of getting ready.
"""

import argparse
import asyncio
import sys
from collections.abc import Sequence

from toprope_kit.outcome import console_of


def _serve(_: argparse.Namespace) -> int:
    from search import bound  # noqa: PLC0415
    from search.service import SERVICE  # noqa: PLC0415
    from toprope_kit.server import ServerSettings, serve  # noqa: PLC0415

    settings = ServerSettings.load()
    asyncio.run(bound.prove())
    return serve(SERVICE, settings)


def _migrate(arguments: argparse.Namespace) -> int:
    from search import migrate  # noqa: PLC0415

    asyncio.run(migrate.check() if arguments.check else migrate.migrate())
    return 0


def _ingest(arguments: argparse.Namespace) -> int:
    from search.ingest import programs  # noqa: PLC0415
    from toprope_kit import logs, termination  # noqa: PLC0415

    logs.configure("search-ingest", "INFO")
    sentence = asyncio.run(programs.refresh() if arguments.again else programs.ingest())
    sys.stdout.write(f"{sentence}\n")
    termination.leave(sentence)
    return 0


def _drop(arguments: argparse.Namespace) -> int:
    from search.ingest import programs  # noqa: PLC0415

    sys.stdout.write(f"{asyncio.run(programs.drop(arguments.generation))}\n")
    return 0


def parser() -> argparse.ArgumentParser:
    """The command line, whole."""
    whole = argparse.ArgumentParser(prog="search", description="Semantic search; settings come from the environment.")
    programs = whole.add_subparsers(required=True, metavar="PROGRAM")
    serve = programs.add_parser("serve", help="answer users on PORT and operations on OPS_PORT")
    serve.set_defaults(program=_serve)
    migrate = programs.add_parser("migrate", help="bring the database to this release")
    migrate.add_argument("--check", action="store_true", help="only print the DDL, and refuse what would hurt")
    migrate.set_defaults(program=_migrate)
    for name, again, text in (
        ("ingest", False, "fill GENERATION from the source, until it is proved and ready; goes on where it was"),
        ("refresh", True, "read the source once more, and bring GENERATION to what it says now"),
    ):
        program = programs.add_parser(name, help=text)
        program.set_defaults(program=_ingest, again=again)
    drop = programs.add_parser("drop", help="remove a generation that nobody serves")
    drop.add_argument("generation")
    drop.set_defaults(program=_drop)
    return whole


def console() -> int:
    """The installed command."""
    return main(sys.argv[1:])


def main(words: Sequence[str]) -> int:
    """Run one program; the exit code."""
    return console_of(parser(), list(words) or ["serve"])
