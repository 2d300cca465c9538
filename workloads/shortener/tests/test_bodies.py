"""Whatever a body holds, it is taken or refused; no body is an error of ours, nor does it leave a link that is one."""

import json

import httpx
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as some

from workloads.shortener.tests.conftest import Running

pytestmark = pytest.mark.integration

LINKS = "/api/v1/links"
TARGET = "https://example.org/"
MOMENTS = ["0001-01-01T00:00:00Z", "1969-12-31T23:59:59Z", "9999-12-31T23:59:59-12:00", "9999-12-31T23:59:59.999999Z"]
# Of a JSON string everything that JSON can write: zero bytes and halves of characters, too.
TEXT = some.text(some.characters(codec=None), max_size=20)
VALUE = TEXT | some.sampled_from(MOMENTS) | some.none() | some.booleans() | some.integers() | some.floats()
FIELDS = ["fallbackTarget", "validFrom", "validUntil", "visitLimit", "password", "findIfExists", "enabled"]
BODY = some.dictionaries(some.sampled_from(FIELDS) | TEXT, VALUE, max_size=4)


@settings(max_examples=60, derandomize=True, deadline=None, database=None,
          suppress_health_check=[HealthCheck.function_scoped_fixture])  # fmt: skip
@given(BODY)
@example({"password": "\ud800"})
@example({"\ud800": 1})
@example({"target": "https://example.org/\ud800"})
@example({"validFrom": "0001-01-01T00:00:00Z"})
@example({"validUntil": "9999-12-31T23:59:59-12:00"})
@example({"validFrom": "1970-01-01T00:00:00Z", "validUntil": "9998-12-31T23:59:59Z"})
async def test_no_body_is_an_error_of_ours(running: Running, body: dict[str, object]) -> None:
    answer = await sent(running, "POST", LINKS, {"target": TARGET, **body})
    assert answer.status_code in (200, 201, 400, 422), answer.text
    if answer.is_success:
        visit = await running.client.get("/" + answer.json()["slug"])
        assert visit.status_code < 500
        changed = await sent(running, "PATCH", answer.headers["location"], body)
        assert changed.status_code in (200, 422), changed.text


async def sent(running: Running, method: str, path: str, body: dict[str, object]) -> httpx.Response:
    """Written with escapes only, as a client may write anything."""
    json_type = {"Content-Type": "application/json"}
    return await running.client.request(method, path, content=json.dumps(body), headers=json_type)
