"""Values that a regular expression takes, made from its pieces and then tried.

5(0[0-9]|..) ──► pieces: 5, 0 with a digit or two of anything ──► 500, 501, … ──► those that it matches
"""

import string
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import chain, islice, product
from re import Match

from toprope.slo.patterns import TOKEN, takes

_MOST, _LONGEST = 24, 1024
"""So many samples, none of them longer. They bound the work, whatever the expression repeats."""
_LETTERS = string.digits + string.ascii_letters + string.punctuation + " \t\né\u03b1中\x00"
"""Tried where any of a set will do."""
_CONTROLS = dict(zip("afnrtv", "\a\f\n\r\t\v", strict=True))

_Parts = list[Sequence[str]]


@lru_cache(maxsize=256)
def samples(pattern: str) -> Sequence[str]:
    """Some values that it takes, the plainest first; none where none was found. It must be one without a `fault`."""
    groups: list[list[_Parts]] = [[[]]]
    for token in TOKEN.finditer(pattern):
        parts = groups[-1][-1]
        match token.lastgroup:
            case "open":
                groups.append([[]])
            case "close":
                whole = _either(groups.pop())
                groups[-1][-1].append(whole)
            case "or":
                groups[-1].append([])
            case "times":
                parts[-1] = _repeated(parts[-1], token)
            case "flags":
                pass
            case _:
                parts += _read(token)
    return tuple(one for one in _either(groups[0]) if takes(pattern, one))


def _either(branches: Sequence[_Parts]) -> Sequence[str]:
    """One of each branch first, then the next of each."""
    joined = [_joined(parts) for parts in branches]
    longest = max(len(one) for one in joined)
    return _some(one[turn] for turn in range(longest) for one in joined if turn < len(one))


def _joined(parts: _Parts) -> Sequence[str]:
    """The first of each part, the second of each, and so on; then other combinations."""
    if not all(parts):
        return ()
    longest = max((len(part) for part in parts), default=1)
    turns = ([part[turn % len(part)] for part in parts] for turn in range(longest))
    return _some("".join(each) for each in chain(turns, islice(product(*parts), _MOST)))


def _repeated(part: Sequence[str], token: Match[str]) -> Sequence[str]:
    least, most = {"*": (0, None), "+": (1, None), "?": (0, 1)}.get(token["times"], (0, 0))
    if token["least"]:
        least = int(token["least"])
        most = (int(token["most"]) if token["most"] else None) if token["upto"] else least
    counts = [count for count in (max(least, 1), least, least + 1) if most is None or count <= most]
    return _some(one * count for count in counts for one in part if len(one) * count <= _LONGEST)


def _read(token: Match[str]) -> _Parts:
    """What a piece without parts of its own may stand for."""
    kind, text = str(token.lastgroup), token[str(token.lastgroup)]
    if kind == "quoted":
        return [[letter] for letter in text]
    if kind == "set":
        return [_some(letter for letter in _LETTERS if takes(text, letter))]
    return [[_letter(kind, text)]]


def _letter(kind: str, text: str) -> str:
    if kind == "edge":
        return ""
    if kind in ("wide", "hex", "octal"):
        return chr(int(text, 8 if kind == "octal" else 16))
    return _CONTROLS[text] if kind == "control" else text


def _some(values: Iterable[str]) -> Sequence[str]:
    short = (one for one in values if len(one) <= _LONGEST)
    return list(dict.fromkeys(islice(short, 4 * _MOST)))[:_MOST]
