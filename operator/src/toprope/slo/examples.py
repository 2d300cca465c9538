"""Counters that the selectors of a `ratio` select, for proofs: one that good events move, and one that bad ones do."""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

from toprope.slo.promql import METRIC, Matcher, Selector
from toprope.slo.samples import samples
from toprope.slo.selectors import selector
from toprope.slo.series import Series

_ANY = "events_total"
_NAME = re.compile("[a-zA-Z_:][a-zA-Z0-9_:]*")

_Labels = dict[str, str]


@lru_cache(maxsize=64)
def examples(bad: str, total: str) -> tuple[Series, ...]:
    """Of selectors that `selectors.within` has held; none where no two were found that they tell apart."""
    some, whole = selector(bad), selector(total)
    tried = _tried(some, whole)
    good, failed = _spared(tried, some, whole), _first(tried, some, whole) or _first(tried, some)
    if good is None or failed is None:
        return ()
    # A bad event moves the counter of all events too, unless that is the sum of both.
    return Series(_named(good), 1, 0 if whole.selects(failed) else 1), Series(_named(failed), 0, 1)


def _tried(*selectors: Selector) -> Mapping[str, Sequence[str]]:
    """Values of each label that they name: what they ask for first, then what they only exclude."""
    conditions = sorted((one for each in selectors for one in each.conditions), key=lambda one: one.is_opposed)
    asked: dict[str, list[str]] = {METRIC: []}
    for one in conditions:
        values = samples(one.value) if one.is_pattern else [one.value]
        asked.setdefault(one.name, []).extend(["", "other", *values] if one.is_opposed else values)
    return {
        label: [one for one in [*values, _ANY] if one] if label == METRIC else [*values, "", "other"]
        for label, values in asked.items()
    }


def _first(tried: Mapping[str, Sequence[str]], *selectors: Selector) -> _Labels | None:
    """Labels of one series that all of them select."""
    found = {label: next(_taken(label, values, selectors), None) for label, values in tried.items()}
    return {label: value for label, value in found.items() if value is not None} if None not in found.values() else None


def _spared(tried: Mapping[str, Sequence[str]], bad: Selector, total: Selector) -> _Labels | None:
    """Labels of one series of all events that is not among the bad ones."""
    if (found := _first(tried, total)) is None:
        return None
    others = ({**found, label: one} for label, values in tried.items() for one in _taken(label, values, [total]))
    return next((one for one in [found, *others] if not bad.selects(one)), None)


def _taken(label: str, values: Sequence[str], selectors: Sequence[Selector]) -> Iterator[str]:
    conditions = [one for each in selectors for one in each.conditions if one.name == label]
    tried = values if conditions or label == METRIC else ["", *values]
    return (value for value in tried if all(one.takes(value) for one in conditions))


def _named(labels: _Labels) -> str:
    """As promtool writes a series."""
    name = labels[METRIC]
    matchers = [Matcher(label, "=", value) for label, value in labels.items() if value and label != METRIC]
    if not _NAME.fullmatch(name):
        return str(Selector("", (Matcher(METRIC, "=", name), *matchers)))
    return f"{name}{{{','.join(map(str, matchers))}}}"
