"""`python -m shortener` is the same as the command `shortener`."""

import sys

from shortener.cli import console

sys.exit(console())
