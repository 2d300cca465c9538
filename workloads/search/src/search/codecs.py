"""How vectors travel to Postgres and back: as pgvector's own bytes, without a detour over text."""

import struct
from typing import Any

import asyncpg
import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float32]
_HEAD = struct.Struct(">HH")


def packed(vector: Vector) -> bytes:
    """pgvector's binary form: dimension, nothing, big-endian floats."""
    return _HEAD.pack(len(vector), 0) + vector.astype(">f4").tobytes()


def unpacked(content: bytes) -> Vector:
    """The same back."""
    return np.frombuffer(content, ">f4", offset=_HEAD.size).astype(np.float32)


async def teach(connection: asyncpg.Connection) -> None:
    """Let this connection speak of vectors and of parsed questions."""
    place = await connection.fetchval(
        "SELECT nspname FROM pg_type JOIN pg_namespace ON pg_namespace.oid = typnamespace WHERE typname = 'vector'"
    )
    if place is not None:
        await connection.set_type_codec("vector", schema=place, encoder=packed, decoder=unpacked, format="binary")
    await connection.set_type_codec("tsquery", schema="pg_catalog", encoder=_as_is, decoder=_as_is, format="text")


def _as_is(value: Any) -> Any:
    return value
