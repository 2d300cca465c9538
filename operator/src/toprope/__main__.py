"""`python -m toprope`: the same as the command `toprope`."""

import os

from toprope.cli.app import app

# Whoever wraps the command says what a person has to type.
app(prog_name=os.environ.get("TOPROPE_COMMAND", "toprope"))
