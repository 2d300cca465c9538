"""A request that is sent twice under one Idempotency-Key is carried out once, and answered twice with the same.

The key is taken in the transaction that does the work: a second request waits for the first, and finds its answer,
or nothing when the first one failed. Keys live for a day. Of a password only whether there is one is compared: even its
hash would help somebody who reads the database.
"""

import hashlib
from datetime import datetime
from typing import Any

import asyncpg
import orjson

from shortener.models import NewLink
from toprope_kit.problem import Unavailable, Unprocessable


def digest(asked: NewLink) -> bytes:
    """Of everything that was asked for; of a password that there is one."""
    content = asked.model_dump(mode="json", exclude={"password"}) | {"password": asked.password is not None}
    return hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).digest()


async def earlier_answer(connection: asyncpg.Connection, key: str, request: bytes) -> tuple[Any, datetime] | None:
    """The answer that this key got before, and when; None when it is new, and from now on ours to answer.

    What that transaction made bears the same moment. Unprocessable when the key was used for something else.
    """
    taken = await connection.execute(
        "INSERT INTO shortener.idempotency_keys (key, request_digest) VALUES ($1, $2) ON CONFLICT DO NOTHING",
        key,
        request,
    )
    if taken.endswith(" 1"):
        return None
    row = await connection.fetchrow(
        "SELECT request_digest, answer::text, created_at FROM shortener.idempotency_keys WHERE key = $1", key
    )
    if row is None:
        raise Unavailable("This Idempotency-Key ended its day just now.", retry_after=1)
    if row["request_digest"] != request:
        raise Unprocessable("This Idempotency-Key was used for another request; make a new one.")
    return orjson.loads(row["answer"]), row["created_at"]


async def keep_answer(connection: asyncpg.Connection, key: str, answer: bytes) -> None:
    """What the same request will be answered with from now on."""
    await connection.execute(
        "UPDATE shortener.idempotency_keys SET answer = $2::text::jsonb WHERE key = $1", key, answer.decode()
    )
