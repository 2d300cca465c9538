"""The real clock."""

from datetime import UTC, datetime


class SystemClock:
    """What the machine's clock says."""

    def now(self) -> datetime:
        """UTC, aware."""
        return datetime.now(UTC)
