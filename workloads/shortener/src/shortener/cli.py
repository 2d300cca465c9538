"""The command `shortener`: serve, migrate, rotate.

Each program imports only what it needs: starting is part of getting ready.
"""

import argparse
import asyncio
import os
import sys
from collections.abc import Sequence

from toprope_kit.outcome import console_of


def _serve(_: argparse.Namespace) -> int:
    from shortener.service import SERVICE  # noqa: PLC0415
    from toprope_kit.server import ServerSettings, serve  # noqa: PLC0415

    if level := os.environ.get("SHORTENER_LOG_LEVEL"):
        os.environ["LOG_LEVEL"] = level.upper()
    return serve(SERVICE, ServerSettings.load())


def _migrate(arguments: argparse.Namespace) -> int:
    from shortener.migrate import run  # noqa: PLC0415

    asyncio.run(run.check() if arguments.check else run.migrate())
    return 0


def _rotate(_: argparse.Namespace) -> int:
    from shortener import rotate  # noqa: PLC0415

    asyncio.run(rotate.rotate())
    return 0


def parser() -> argparse.ArgumentParser:
    """The command line, whole."""
    whole = argparse.ArgumentParser(
        prog="shortener", description="A link shortener; settings come from the environment."
    )
    programs = whole.add_subparsers(required=True, metavar="PROGRAM")
    serve = programs.add_parser("serve", help="answer users on PORT and operations on OPS_PORT")
    serve.set_defaults(program=_serve)
    migrate = programs.add_parser("migrate", help="bring the database to this release")
    migrate.add_argument("--check", action="store_true", help="only print the DDL, and refuse what would hurt")
    migrate.set_defaults(program=_migrate)
    rotate = programs.add_parser("rotate", help="bring every server to the credentials named .next")
    rotate.set_defaults(program=_rotate)
    return whole


def console() -> int:
    """The installed command."""
    return main(sys.argv[1:])


def main(words: Sequence[str]) -> int:
    """Run one program; the exit code."""
    return console_of(parser(), list(words) or ["serve"])
