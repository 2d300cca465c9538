"""`python -m search` is the same as the command `search`."""

import sys

from search.cli import console

sys.exit(console())
