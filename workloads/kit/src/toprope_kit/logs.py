"""JSON logs, one object a line, without secrets and without people.

A line carries what happened, where, and the trace id of the running request; never a client's address, a path, a
query, a body or a header. Messages of foreign exceptions are left out, because drivers quote the row that failed;
their type, their SQLSTATE and the places in the code are there.
"""

import logging
import sys
import time
import traceback
from typing import Any

import orjson

from toprope_kit.trace import trace_id

REFUSED = frozenset({
    "password", "secret", "token", "key", "api_key", "authorization", "cookie", "dsn", "uri", "url", "target", "query",
    "client", "address", "ip", "email", "user_agent", "referrer", "headers", "body",
})  # fmt: skip
"""Field names that `say` refuses: what they usually hold does not belong in a log."""

_FIELDS = "toprope_fields"


class JsonFormatter(logging.Formatter):
    """A record as one JSON object."""

    def __init__(self, service: str, worker: int | None) -> None:
        super().__init__()
        self._fixed = {"service": service} | ({} if worker is None else {"worker": worker})

    def format(self, record: logging.LogRecord) -> str:
        """One line, without its line break."""
        line: dict[str, Any] = {
            "time": _utc(record.created),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **self._fixed,
        }
        if trace := trace_id():
            line["trace_id"] = trace
        line |= getattr(record, _FIELDS, {})
        if record.exc_info and record.exc_info[1]:
            line |= described(record.exc_info[1])
        return orjson.dumps(line, default=str).decode()


def configure(service: str, level: str, worker: int | None = None) -> None:
    """Send everything that is logged in this process to standard output as JSON."""
    shown = logging.StreamHandler(sys.stdout)
    shown.setFormatter(JsonFormatter(service, worker))
    logging.basicConfig(handlers=[shown], level=level.upper(), force=True)
    for name in ("uvicorn", "uvicorn.error"):
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = True
    # uvicorn tells every start and stop of each process; ours say it with the facts that matter.
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)


def say(logger: logging.Logger, sentence: str, level: int = logging.INFO, **fields: Any) -> None:
    """Log a sentence with fields; ValueError for a field whose name is in `REFUSED`."""
    if refused := REFUSED.intersection(fields):
        raise ValueError(f"{sorted(refused)[0]!r} does not belong in a log: leave it out, or log what it means.")
    logger.log(level, sentence, extra={_FIELDS: fields})


def described(error: BaseException) -> dict[str, Any]:
    """What may be told of an exception: its type, its SQLSTATE, the places in the code; not its message."""
    kind = type(error)
    told: dict[str, Any] = {"error": f"{kind.__module__}.{kind.__qualname__}"}
    if state := getattr(error, "sqlstate", None):
        told["sqlstate"] = state
    frames = traceback.extract_tb(error.__traceback__)
    told["stack"] = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames[-20:]]
    if (cause := error.__cause__) is not None:
        told["cause"] = f"{type(cause).__module__}.{type(cause).__qualname__}"
    return told


def _utc(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)) + f".{int(seconds % 1 * 1000):03d}Z"
