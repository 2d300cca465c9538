"""PromQL that users write: its selectors, with strings exactly as Prometheus would read them.

The parser knows neither backticks nor RE2, so it gets a number in the place of each string:

    x{a=~`5..`} ──► x{a=~"0"} ──► parser ──► x, a, =~, 0 ──► Selector: x, a =~ 5..
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import promql_parser

from toprope.slo.patterns import fault, takes

_STRING_OR_COMMENT = re.compile(r""""(?:\\.|[^"\\\n])*+"|'(?:\\.|[^'\\\n])*+'|`[^`]*+`|\#[^\n]*+""")
_ESCAPE = re.compile(
    rb"""\\(?:(?P<letter>[abfnrtv\\'"])|(?P<octal>[0-3][0-7]{2})|x(?P<byte>[0-9a-fA-F]{2})"""
    rb"""|u(?P<short>[0-9a-fA-F]{4})|U(?P<long>[0-9a-fA-F]{8})|.)"""
)
_LETTERS = dict(zip(b"abfnrtv", b"\a\b\f\n\r\t\v", strict=True))
_LABEL = re.compile("[a-zA-Z_][a-zA-Z0-9_]*")
_OPERATORS = {"Equal": "=", "NotEqual": "!=", "Re": "=~", "NotRe": "!~"}
METRIC = "__name__"
"""The label that holds a series' name."""


class NoPromQL(ValueError):
    """Text that some Prometheus would refuse; it says why, as the end of a sentence."""


@dataclass(frozen=True, slots=True)
class Matcher:
    """One condition on a label."""

    name: str
    operator: str
    value: str

    def __str__(self) -> str:
        return f"{self.name}{self.operator}{quoted(self.value)}"

    @property
    def is_pattern(self) -> bool:
        """Whether its value is a regular expression."""
        return self.operator in ("=~", "!~")

    @property
    def is_opposed(self) -> bool:
        """Whether it takes what the value does not describe."""
        return self.operator.startswith("!")

    def takes(self, value: str) -> bool:
        """Whether a label of that value fulfils it; a label that is not there is empty."""
        found = takes(self.value, value) if self.is_pattern else value == self.value
        return found != self.is_opposed


@dataclass(frozen=True, slots=True)
class Selector:
    """Some series."""

    name: str
    """Empty where the matchers alone say which."""
    matchers: tuple[Matcher, ...]
    is_plain: bool = True
    """Whether it holds neither `offset`, `@` nor `or`."""

    def __str__(self) -> str:
        return f"{self.name}{{{','.join(map(str, self.matchers))}}}" if self.matchers else self.name

    @property
    def conditions(self) -> Sequence[Matcher]:
        """All of them, that on the name first."""
        return [Matcher(METRIC, "=", self.name), *self.matchers] if self.name else self.matchers

    def selects(self, labels: Mapping[str, str]) -> bool:
        """Whether it selects the series of these labels."""
        return all(one.takes(labels.get(one.name, "")) for one in self.conditions)


@dataclass(frozen=True, slots=True)
class Query:
    """An expression, with numbers in the place of its strings."""

    expression: promql_parser.Expr
    strings: Sequence[str]

    def selector(self, parsed: promql_parser.VectorSelector) -> Selector:
        """A selector of the expression, with its strings; NoPromQL where a label or a regular expression is none."""
        matchers = tuple(self._matcher(one) for one in parsed.matchers.matchers)
        is_plain = parsed.offset is None and parsed.at is None and not parsed.matchers.or_matchers
        return Selector(parsed.name or "", matchers, is_plain)

    def _matcher(self, parsed: promql_parser.Matcher) -> Matcher:
        if not _LABEL.fullmatch(parsed.name):
            raise NoPromQL(
                f"the label {self._text(parsed.name)!r} is quoted, which not every Prometheus takes: use one without"
            )
        operator = _OPERATORS[str(parsed.op).rpartition(".")[2]]
        found = Matcher(parsed.name, operator, self._text(parsed.value))
        if found.is_pattern and (why := fault(found.value)):
            raise NoPromQL(f"the regular expression {found.value!r} of label {found.name} is refused: {why}")
        return found

    def _text(self, number: str) -> str:
        return self.strings[int(number)] if number else ""


def query(text: str) -> Query:
    """An expression, read; NoPromQL when it is none."""
    strings: list[str] = []

    def numbered(found: re.Match[str]) -> str:
        if found[0].startswith("#"):
            return ""
        # An empty one stays: the parser refuses selectors of nothing else.
        if not (text := _unquoted(found[0])):
            return '""'
        strings.append(text)
        return f'"{len(strings) - 1}"'

    bare = _STRING_OR_COMMENT.sub(numbered, text)
    if strange := next((letter for letter in bare if not letter.isascii()), None):
        raise NoPromQL(f"{strange!r} may stand in strings only")
    try:
        return Query(promql_parser.parse(bare), strings)
    except ValueError as error:
        raise NoPromQL(" ".join(str(error).split())) from error


def quoted(value: str) -> str:
    """As a string of PromQL."""
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def _unquoted(literal: str) -> str:
    quote, body = literal[0], literal[1:-1]
    if quote == "`":
        return body
    try:
        return _ESCAPE.sub(lambda found: _meant(found, quote.encode()), body.encode()).decode()
    except UnicodeError as error:
        raise NoPromQL(f"the string {literal} is no text") from error


def _meant(found: re.Match[bytes], quote: bytes) -> bytes:
    kind = found.lastgroup
    if kind == "letter" and found[kind] not in {b"'", b'"'} - {quote}:
        return bytes(_LETTERS.get(letter, letter) for letter in found[kind])
    if kind in ("octal", "byte"):
        return bytes([int(found[kind], 8 if kind == "octal" else 16)])
    if kind in ("short", "long") and (code := int(found[kind], 16)) <= 0x10FFFF:
        return chr(code).encode()
    raise NoPromQL(
        f"{found[0].decode(errors='replace')} in a string is no escape: write \\\\ for a backslash, or use backticks"
    )
