"""The one sentence that a failing program leaves behind.

Kubernetes shows a container's termination log in its status, so a person finds there what went wrong and what helps,
without reading logs; never a secret, never a stack.
"""

import os
from pathlib import Path

LIMIT = 1000


def leave(sentence: str) -> None:
    """Write the sentence to the file in `TERMINATION_LOG`; where that cannot be written, nothing happens."""
    path = Path(os.environ.get("TERMINATION_LOG", "/dev/termination-log"))
    try:
        path.write_text(" ".join(sentence.split())[:LIMIT])
    except OSError:
        # Outside a container there is nobody to read it; the log line says the same.
        return
