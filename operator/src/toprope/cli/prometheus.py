"""How a command reaches the Prometheus that its user names."""

import os
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from toprope.cli.say import fail
from toprope.io.credentials import Connection
from toprope.io.prometheus import reached

TOKEN = "TOPROPE_PROMETHEUS_TOKEN"  # noqa: S105 - the name of a variable

TokenFile = Annotated[
    Path | None,
    typer.Option(
        envvar="TOPROPE_PROMETHEUS_TOKEN_FILE",
        help=f"File with a bearer token for Prometheus; or say the token by ${TOKEN}.",
    ),
]


def way(url: str, token_file: Path | None) -> Connection:
    """The way to a Prometheus; ends the command where the URL is none, or holds what must not be repeated."""
    parts = url.split("/")
    if parts[0] not in ("http:", "https:") or len(parts) < 3 or not parts[2]:
        fail(f"--prometheus {url}: an address as http://127.0.0.1:9090.", code=2)
    if "@" in parts[2]:
        fail("--prometheus holds a password, which messages would repeat: give a token by --token-file.", code=2)
    return replace(reached(url, token_file), token=os.environ.get(TOKEN, "").strip() or None)
