"""What was written of a rollout, in its order, and the laws that hold at every single write.

The status says how much a candidate may have before the route gives it that, and the route takes it back before the
status says so; weights go up the ladder, one step at a time, each with its verdict and after the one before was routed;
what was taken back stays so until the candidate begins anew.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from toprope.core.objects import HTTP_ROUTE, Manifest
from toprope.delivery.machine.rollout import WHOLE
from toprope.delivery.machine.weights import parts_of
from toprope.kinds.shortenerapp.kind import SHORTENER_APP
from toprope.serving.health import weights_of

Try = tuple[str, str]
"""A candidate, and when this try of it began."""


@dataclass(frozen=True, slots=True)
class Word:
    """What one status says."""

    stable: str
    candidate: str
    began: str
    phase: str
    step: int
    weight: int
    reason: str
    verdicts: frozenset[str]
    given: int
    """What the candidate had in the route when this was written."""

    @property
    def trial(self) -> Try:
        return self.candidate, self.began


@dataclass(slots=True)
class History:
    """Of one resource, from its first write on."""

    ladder: Sequence[int]
    """The weights of its spec, WHOLE where there is a bake."""
    is_judged: bool = True
    words: list[Word] = field(default_factory=list)
    shares: list[tuple[Word | None, Mapping[str, int]]] = field(default_factory=list)
    """Of each route, by Service, and the status that stood when it was written."""

    def saw(self, live: Manifest) -> None:
        """An object as it lives after a write."""
        if live["kind"] == HTTP_ROUTE.kind:
            self.routed(live)
        elif live["kind"] == SHORTENER_APP.resource.kind and live.get("status"):
            self.told(live["status"])

    def told(self, status: Mapping[str, Any]) -> None:
        """A status was written."""
        self.words.append(word_of(status, self.shares[-1][1] if self.shares else {}))

    def routed(self, route: Manifest) -> None:
        """A route was written."""
        self.shares.append((self.words[-1] if self.words else None, weights_of(route)))

    def weights(self) -> list[tuple[str, int]]:
        """Of each candidate in the route, one after the other, each once."""
        given = [(word.candidate, _of(shares, word.candidate)) for word, shares in self.shares if word]
        return [one for one, before in zip(given, [None, *given], strict=False) if one != before and one[0]]

    def broken(self) -> list[str]:
        """Each law that some write broke."""
        if not self.ladder:
            return []
        rises = (line for (_, before), (word, after) in pairwise(self.shares) for line in _rises(word, before, after))
        steps = (line for before, after in pairwise(self.words) for line in self._steps(before, after))
        return [*rises, *steps]

    def _steps(self, before: Word, after: Word) -> Iterator[str]:
        if after.candidate and after.trial == before.trial:
            yield from self._goes_on(before, after)
        elif after.step and after.candidate:
            yield f"{after.candidate} begins at step {after.step}"

    def _goes_on(self, before: Word, after: Word) -> Iterator[str]:
        if after.step == before.step:
            if after.weight not in (before.weight, 0):
                yield f"step {after.step} has {before.weight}, then {after.weight}"
            if after.weight < min(before.weight, after.given):
                yield f"{after.weight} is told while {after.given} is routed"
        elif after.step != before.step + 1 or [after.weight] != list(self.ladder[before.step : after.step]):
            yield f"after step {before.step} with {before.weight} comes step {after.step} with {after.weight}"
        elif before.step and (after.reason != "StepPassed" or (self.is_judged and after.verdicts != {"Pass"})):
            yield f"step {after.step} is decided without a Pass: {after.reason}, {sorted(after.verdicts)}"
        elif after.given != before.weight:
            yield f"step {after.step} is decided while {after.given} is routed, not {before.weight}"


def word_of(status: Mapping[str, Any], shares: Mapping[str, int]) -> Word:
    """What counts of a status, beside the route of its time."""
    revision, rollout = status.get("revision") or {}, status.get("rollout") or {}
    return Word(
        stable=revision.get("stable", ""),
        candidate=revision.get("candidate", ""),
        began=rollout.get("began", ""),
        phase=rollout.get("phase", ""),
        step=rollout.get("step", 0),
        weight=parts_of(rollout.get("weight", "0%")),
        reason=rollout.get("reason", ""),
        verdicts=frozenset(one.get("verdict", "") for one in rollout.get("judged") or ()),
        given=_of(shares, revision.get("candidate", "")),
    )


def _rises(word: Word | None, before: Mapping[str, int], after: Mapping[str, int]) -> Iterator[str]:
    for service, weight in after.items():
        allowed = _allowed(word, service)
        if weight > max(before.get(service, 0), 0) and weight > allowed:
            yield f"{service} gets {weight}, and the status allows {allowed}"


def _allowed(word: Word | None, service: str) -> int:
    if word is None or service.endswith(f"-{word.stable}"):
        return WHOLE
    return word.weight if word.candidate and service.endswith(f"-{word.candidate}") else 0


def _of(shares: Mapping[str, int], revision: str) -> int:
    return next((weight for service, weight in shares.items() if revision and service.endswith(f"-{revision}")), 0)
