import logging
from typing import Any

import orjson
import pytest

from toprope_kit import logs
from toprope_kit.logs import JsonFormatter


def line(record: logging.LogRecord) -> dict[str, object]:
    found: dict[str, object] = orjson.loads(JsonFormatter("demo", 1).format(record))
    return found


def a_record(caplog: pytest.LogCaptureFixture, **fields: Any) -> logging.LogRecord:
    caplog.set_level(logging.INFO)
    logs.say(logging.getLogger("demo"), "something happened", **fields)
    return caplog.records[-1]


def test_a_line_says_what_and_where(caplog: pytest.LogCaptureFixture) -> None:
    found = line(a_record(caplog, rows=3))
    assert found.items() >= {"message": "something happened", "service": "demo", "worker": 1, "rows": 3}.items()


@pytest.mark.parametrize("field", ["password", "target", "client", "user_agent", "query"])
def test_fields_that_name_people_or_secrets_are_refused(field: str) -> None:
    with pytest.raises(ValueError, match=field):
        logs.say(logging.getLogger("demo"), "something happened", **{field: "x"})  # type: ignore[arg-type]


def test_an_exception_is_told_without_its_message(caplog: pytest.LogCaptureFixture) -> None:
    try:
        int("hunter2")
    except ValueError:
        logging.getLogger("demo").exception("it failed")
    found = line(caplog.records[-1])
    assert found["error"] == "builtins.ValueError"
    assert "hunter2" not in str(found)
    assert "test_logs.py" in str(found["stack"])
