"""Stops asking something that is gone, so that nobody waits for it again and again.

closed ──failed──► open, for `pause` seconds ──► one caller probes ──succeeded──► closed
                     ▲                                │ failed
                     └────────────────────────────────┘
"""

import time
from collections.abc import Callable


class Circuit:
    """One dependency's switch. `pause` in seconds; `clock` is monotonic."""

    def __init__(self, pause: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._pause = pause
        self._clock = clock
        self._open_until: float | None = None

    @property
    def open(self) -> bool:
        """True: do not ask. The first caller after a pause gets False, and with it the duty to try."""
        if self._open_until is None:
            return False
        now = self._clock()
        if now < self._open_until:
            return True
        # Until the probe has come back everybody else is kept away for another pause.
        self._open_until = now + self._pause
        return False

    @property
    def gone(self) -> bool:
        """The last answer was a failure; asking this changes nothing."""
        return self._open_until is not None

    def failed(self) -> None:
        """It did not answer."""
        self._open_until = self._clock() + self._pause

    def succeeded(self) -> None:
        """It answered."""
        self._open_until = None
