"""From what the API server answers to the errors that the engine knows what to do about. The only place for it."""

from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from toprope.core.errors import AlreadyExists, Conflict, Refused, TopropeError, Transient
from toprope.core.objects import Ref


class Gone(Transient):
    """The resourceVersion of a watch or a list page is too old: list again."""


class Missing(Refused):
    """No such object, or no such API."""


def error_of(status: int, body: bytes, request: str, ref: Ref, retry_after: str | None) -> TopropeError:
    """The error of an answer of 400 or above to `request` (the verb a person reads)."""
    said = _status_of(body)
    sentence = f"The API server answers {status} to {request} {ref}: {said.get('message') or 'no message'}"
    match status:
        case 409:
            return AlreadyExists(sentence) if said.get("reason") == "AlreadyExists" else Conflict(sentence)
        case 410:
            return Gone(sentence)
        case 404:
            return _missing(ref, sentence, said)
        case 401 | 408 | 429:
            return Transient(sentence, retry_after=_seconds(retry_after))
        case _ if status >= 500:
            return Transient(sentence, retry_after=_seconds(retry_after))
        case _:
            return Refused(ref, sentence, reason=said.get("reason") or "Refused", causes=list(_causes(said)))


def _status_of(body: bytes) -> Mapping[str, Any]:
    try:
        said = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {"message": body[:200].decode(errors="replace").strip()}
    return said if isinstance(said, dict) else {}


def _missing(ref: Ref, sentence: str, said: Mapping[str, Any]) -> Missing:
    # An object that is missing is named in the details; a whole API that is missing is not.
    if (said.get("details") or {}).get("name"):
        return Missing(ref, sentence, reason="NotFound")
    lacks = (
        f"The cluster has no {ref.resource.plural} of {ref.resource.api_version}: install the CRDs that bring them. "
        f"Toprope notices within a minute."
    )
    return Missing(ref, lacks, reason="ApiMissing")


def _causes(said: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for one in (said.get("details") or {}).get("causes") or ():
        yield str(one.get("field") or ""), str(one.get("message") or one.get("reason") or "no message")


def _seconds(retry_after: str | None) -> float | None:
    return float(retry_after) if retry_after and retry_after.isdigit() else None
