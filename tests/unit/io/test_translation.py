"""Each answer of the API server becomes the error that the engine has a policy for."""

import orjson
import pytest

from toprope.core.errors import AlreadyExists, Conflict, Refused, TopropeError, Transient
from toprope.core.objects import HTTP_ROUTE, SERVICE, Ref
from toprope.io.translation import Gone, Missing, error_of

REF = Ref(SERVICE, "shop", "links-web")


@pytest.mark.parametrize(
    ("code", "reason", "error"),
    [
        (400, "BadRequest", Refused),
        (401, "Unauthorized", Transient),
        (403, "Forbidden", Refused),
        (404, "NotFound", Missing),
        (409, "AlreadyExists", AlreadyExists),
        (409, "Conflict", Conflict),
        (410, "Expired", Gone),
        (422, "Invalid", Refused),
        (429, "TooManyRequests", Transient),
        (500, "InternalError", Transient),
        (503, "ServiceUnavailable", Transient),
    ],
)
def test_a_code_has_its_error(code: int, reason: str, error: type[TopropeError]) -> None:
    body = orjson.dumps({"reason": reason, "message": "because", "details": {"name": "links-web"}})
    found = error_of(code, body, "PATCH", REF, None)
    assert type(found) is error
    assert str(found) == f"The API server answers {code} to PATCH Service shop/links-web: because"


def test_the_wait_that_the_server_asks_for_is_kept() -> None:
    error = error_of(429, b"{}", "PATCH", REF, "7")
    assert isinstance(error, Transient)
    assert error.retry_after == 7.0


def test_a_body_that_is_no_status_is_quoted() -> None:
    assert str(error_of(502, b"<html>bad gateway", "GET", REF, None)).endswith("<html>bad gateway")


@pytest.mark.parametrize(("details", "reason"), [({"name": "links-web"}, "NotFound"), ({}, "ApiMissing")])
def test_a_missing_object_is_told_from_a_missing_api(details: dict[str, str], reason: str) -> None:
    error = error_of(404, orjson.dumps({"message": "no", "details": details}), "PATCH", REF, None)
    assert error.reason == reason


def test_a_missing_api_is_named_with_its_cure() -> None:
    error = error_of(404, b"404 page not found", "PATCH", Ref(HTTP_ROUTE, "shop", "links"), None)
    assert str(error).startswith("The cluster has no httproutes of gateway.networking.k8s.io/v1: install the CRDs")
