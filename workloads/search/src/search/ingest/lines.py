"""Bytes into numbered lines, in constant memory whatever the bytes are."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, NamedTuple

import zstandard

from toprope_kit.outcome import Refused

PIECE = 2**18
LONGEST = 2**20
"""Bytes of a line; a longer one is rejected, and never held as a whole."""

MAGIC = b"\x28\xb5\x2f\xfd"
WINDOW = 2**27
"""Bytes that a compressed stream may look back, and so make us hold."""

FREE, RATIO = 2**28, 1000
"""A stream may unpack to so many bytes, and beyond that to so many times its own: text does not reach it."""


class Line(NamedTuple):
    """One line, numbered from 1; None in place of the content of one that is too long."""

    number: int
    content: bytes | None


class _Unpacked:
    """A zstd stream that says how much came out of how little."""

    def __init__(self, file: IO[bytes], packed: int) -> None:
        self._reader = zstandard.ZstdDecompressor(max_window_size=WINDOW).stream_reader(file, read_across_frames=True)
        self._most = FREE + RATIO * packed
        self._size = 0

    def read(self, size: int) -> bytes:
        """The next bytes; Refused when there are too many, or they are damaged."""
        try:
            piece = self._reader.read(size)
        except zstandard.ZstdError as error:
            raise Refused(
                f"the source is damaged after {self._size} unpacked bytes: it is no whole zstd stream"
            ) from error
        self._size += len(piece)
        if self._size > self._most:
            raise Refused(f"the source unpacks to more than {RATIO} times its size: that is no text")
        return piece


@contextmanager
def opened(path: Path) -> Iterator[Iterator[Line]]:
    """The file's lines; zstd is known by its first bytes, whatever the file is called."""
    with path.open("rb") as file:
        start = file.read(len(MAGIC))
        file.seek(0)
        source = _Unpacked(file, path.stat().st_size) if start == MAGIC else file
        yield lines(source)


def lines(source: "IO[bytes] | _Unpacked") -> Iterator[Line]:
    """All lines; empty ones are counted and left out."""
    number, rest, too_long = 1, b"", False
    while piece := source.read(PIECE):
        *whole, rest_of_piece = piece.split(b"\n")
        for part in whole:
            yield from _line(number, rest + part, too_long)
            number, rest, too_long = number + 1, b"", False
        rest += rest_of_piece
        if len(rest) > LONGEST:
            rest, too_long = b"", True
    yield from _line(number, rest, too_long)


def _line(number: int, content: bytes, too_long: bool) -> Iterator[Line]:
    if too_long or len(content) > LONGEST:
        yield Line(number, None)
    elif content.strip():
        yield Line(number, content)
