"""`python -m toprope`: the same as the command `toprope`."""

from toprope.cli.app import app

app(prog_name="toprope")
