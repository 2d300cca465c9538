"""From what Prometheus answers to the numbers of each SLO. Six queries speak of all resources at once."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from toprope.core.measured import Numbers, Sample
from toprope.io.prometheus import Series, Unseen
from toprope.slo.rules import (
    ALLOWED,
    BAD,
    BAD_SERIES,
    BUCKET,
    BURN,
    ERRORS,
    FIRST,
    INTERVAL,
    LATELY,
    LEFT,
    LOST_RATE,
    MEANING,
    OBJECTIVE,
    TOTAL,
    TOTAL_RATE,
    Identity,
)

_SPAN = f"[{3 * INTERVAL}s]"
"""Three evaluations: of a range, Prometheus tells when each sample was recorded; of an instant it does not."""
_LAG = 1.5 * INTERVAL
"""Seconds by which a sample may be older than the newest evaluation, which may not be over yet. What is older has
vanished since: where nothing happens, there is no ratio."""

_SINGLE = (OBJECTIVE, TOTAL_RATE, FIRST, LATELY, BUCKET, BAD_SERIES, LOST_RATE, ALLOWED, LEFT)
"""Records that have one series an SLO."""
QUERIES = (
    f'{{__name__=~"{"|".join(_SINGLE)}"}}{_SPAN}',
    # An SLO's own window is a week at least; of its tiers' windows, few are.
    f'{ERRORS}{{window=~"([7-9]|[1-9][0-9])d"}}{_SPAN}',
    f"{TOTAL}{_SPAN}",
    f"{BAD}{_SPAN}",
    f"{BURN}{_SPAN}",
)
HISTORY = (
    f"min_over_time(timestamp({OBJECTIVE})[90d:1h])",
    f"min_over_time(timestamp({OBJECTIVE})[1h:1m])",
)
"""When the rules were evaluated first: to the hour, and to the minute where that was within the last hour."""

_Draft = dict[str, dict[str, Series]]
"""The newest series of one SLO, by record and window; some records have none, which is the window ``."""


class Recording:
    """Takes what the queries answer, one after the other, and tells the numbers in the end."""

    def __init__(self) -> None:
        self._drafts: dict[tuple[str, str, str, str], _Draft] = {}

    def note(self, series: Iterable[Series]) -> None:
        """Takes one answer. Unseen where its labels are none."""
        with _believed():
            for one in series:
                _put(self._drafts, one)

    def numbers(self, clock: float, now: datetime) -> dict[Identity, Numbers]:
        """The numbers of every SLO. `clock` was the time at Prometheus when it was `now` here."""
        with _believed():
            return {
                Identity(*whose): _numbers(draft, clock, now)
                for whose, draft in self._drafts.items()
                if OBJECTIVE in draft
            }


@contextmanager
def _believed() -> Iterator[None]:
    try:
        yield
    except (LookupError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise Unseen(f"Prometheus answers in a shape of its own: {type(error).__name__}.") from error


def _put(drafts: dict[tuple[str, str, str, str], _Draft], one: Series) -> None:
    whose, labels = _whose(one), one.labels
    if whose is None:
        return
    kept = drafts.setdefault(whose, {}).setdefault(labels["__name__"], {})
    # Two of one identity are a pair of replicas, or the rules before and after a change.
    window = labels.get("window", "")
    if window not in kept or one.at > kept[window].at:
        kept[window] = one


def _whose(one: Series) -> tuple[str, str, str, str] | None:
    """Whose record it is; None where it is somebody else's of the same name: anybody may record what he likes, and must
    not blind those beside him."""
    labels = one.labels
    if labels.get("__name__") == OBJECTIVE and not {"rules", "window"} <= labels.keys():
        return None
    match [labels.get(label) for label in ("namespace", "kind", "name", "slo")]:
        case [str(namespace), str(kind), str(name), str(slo)]:
            return namespace, kind, name, slo
        case _:
            return None


Remembered = tuple[Identity, str]
"""An SLO, and what it counted, as the label `MEANING` has it; that is empty in records of earlier operators."""


def histories(series: Iterable[Series], clock: float, now: datetime) -> dict[Remembered, datetime]:
    """When the history of what each SLO counts, or counted, begins. `clock` was the time at Prometheus when it was
    `now` here."""
    found: dict[Remembered, float] = {}
    with _believed():
        for one in series:
            if named := _whose(one):
                what = Identity(*named), one.labels.get(MEANING, "")
                found[what] = min(one.value, found.get(what, one.value))
        return {what: now + timedelta(seconds=at - clock) for what, at in found.items()}


@dataclass(frozen=True, slots=True)
class _Reader:
    """Makes samples of what is as new as the last evaluation."""

    draft: _Draft
    oldest: float
    clock: float
    now: datetime
    moments: dict[float, datetime]
    """A handful of times make all of them."""

    def windows(self, record: str) -> dict[str, Sample]:
        found = self.draft.get(record, {})
        return {window: self.sample(one) for window, one in found.items() if one.at >= self.oldest}

    def single(self, record: str) -> Sample | None:
        return next(iter(self.windows(record).values()), None)

    def sample(self, one: Series) -> Sample:
        at = self.moments.get(one.at)
        if at is None:
            at = self.moments[one.at] = self.now + timedelta(seconds=one.at - self.clock)
        return Sample(one.value, at)


def _numbers(draft: _Draft, clock: float, now: datetime) -> Numbers:
    objective = max(draft[OBJECTIVE].values(), key=lambda one: one.at)
    reader = _Reader(draft, objective.at - _LAG, clock, now, {})
    return Numbers(
        rules=objective.labels["rules"],
        sli=objective.labels.get(MEANING, ""),
        evaluated=reader.sample(objective),
        counted=reader.single(TOTAL_RATE),
        gateway=reader.single(FIRST),
        gateway_lately=reader.single(LATELY),
        bucket=reader.single(BUCKET),
        bad_series=reader.single(BAD_SERIES),
        lost=reader.single(LOST_RATE),
        error=reader.windows(ERRORS).get(objective.labels["window"]),
        allowed=reader.single(ALLOWED),
        left=reader.single(LEFT),
        total=reader.windows(TOTAL),
        bad=reader.windows(BAD),
        burn=reader.windows(BURN),
    )
