"""Regular expressions that users write, as Prometheus reads them: RE2, of the whole value, in linear time."""

import re
from functools import lru_cache

import re2

_LARGEST = 1 << 20
"""Bytes that a compiled expression may take. It bounds the time, too: the worst of 1,024 letters takes 0.1 s."""
_OPTIONS = re2.Options()
_OPTIONS.log_errors, _OPTIONS.max_mem = False, _LARGEST

_SYNTAX = "https://github.com/google/re2/wiki/Syntax has what it takes"
_OTHER_THAN_GO = re.compile(r"^\\C|^\(\?<|^\(\?P<\w*?[^\x00-\x7f]|\\[pP]\{\^?+(?P<script>[^}]*+)\}")
"""Pieces that RE2 takes, and Prometheus refuses, or all but its newest versions do."""
_SCRIPTS = frozenset({"Any", "Arabic", "Cyrillic", "Greek", "Han", "Hangul", "Hebrew", "Hiragana", "Katakana", "Latin"})
"""Those that every version knows, of the usual ones; besides them there are the categories, as `L` and `Lu`."""

TOKEN = re.compile(
    r"""
    \\Q(?P<quoted>(?:(?!\\E).)*+)(?:\\E)?
  | (?P<edge>\\[AzbB] | [\^$])
  | (?P<set>\\[pP](?:\{[^}]*+\}|.) | \\[dDwWsSC] | \.
      | \[\^?+\]?+(?:\[:\^?+\w++:\] | \\[pP]\{[^}]*+\} | \\. | [^\]\\])*+\])
  | \\x\{(?P<wide>[0-9a-fA-F]++)\} | \\x(?P<hex>[0-9a-fA-F]{2}) | \\(?P<octal>[0-7]{1,3})
  | \\(?P<control>[afnrtv]) | \\(?P<escaped>.)
  | (?P<flags>\(\?[imsU-]*+\))
  | (?P<open>\((?:\?P?<\w++> | \?[imsU-]*+:)?) | (?P<close>\)) | (?P<or>\|)
  | (?P<times>[*+?] | \{(?P<least>[0-9]++)(?P<upto>,(?P<most>[0-9]*+))?\})\??
  | (?P<letter>.)
    """,
    re.VERBOSE | re.DOTALL,
)
"""One piece of an expression that `fault` finds nothing wrong with."""


@lru_cache(maxsize=1024)
def fault(pattern: str) -> str:
    """What is wrong with it, as the end of a sentence; empty where every Prometheus takes it."""
    try:
        # Prometheus reads it twice: as it stands, and within its anchors.
        for text in (pattern, f"^(?:{pattern})$"):
            re2.compile(text, _OPTIONS)
    except re2.error as error:
        (said,) = error.args
        return f"{said.decode(errors='replace') if isinstance(said, bytes) else said}; {_SYNTAX}"
    except UnicodeEncodeError:
        return "it holds half a character"
    return next(filter(None, (_unlike_go(token[0]) for token in TOKEN.finditer(pattern))), "")


def _unlike_go(token: str) -> str:
    if token.startswith("\\Q") or (found := _OTHER_THAN_GO.search(token)) is None:
        return ""
    if (script := found["script"]) is None:
        return r"it does not take \C" if found[0] == r"\C" else "not every version takes this group's name: write (?:"
    known = len(script) <= len("Lu") or script in _SCRIPTS
    return "" if known else f"not every version knows {found[0]}: write a category, as \\p{{L}}"


def takes(pattern: str, value: str) -> bool:
    """Whether the expression matches the value. It must be one without a `fault`."""
    return re2.compile(pattern, _OPTIONS).fullmatch(value) is not None
