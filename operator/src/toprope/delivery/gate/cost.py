"""What a wholly broken candidate costs until Fail: the gate itself is asked, on paper.

Every request of it is bad, stable beside it is exactly on its objective, and bad requests come in lumps: as many as may
fall into one bin. Of a lump each further one proves less, so what is found is what a verdict takes where errors are
least telling.
"""

from bisect import bisect_left
from dataclasses import dataclass, replace
from functools import lru_cache
from math import log

from toprope.delivery.gate.advance import BIN, advance
from toprope.delivery.gate.counts import Counts
from toprope.delivery.gate.mixture import Mixture, fresh
from toprope.delivery.gate.rules import Rules
from toprope.delivery.gate.state import Proofs, State, begin

_HOPELESS = 100_000


@dataclass(frozen=True)
class Broken:
    """A candidate of which every request is bad, from now on."""

    rules: Rules
    share: float
    """Its share of all requests, above 0; at 1 stable rests."""
    lump: int
    """Most of its requests that come within one bin."""
    dispersion: float
    bins: int = 0
    """Bins in which it was good: evidence that begins late costs more."""


@lru_cache(maxsize=4096)
def until_fail(broken: Broken) -> int:
    """Bad requests until Fail, as far as they are counted: beyond 100,000 it does not matter."""
    state, spent = _aged(broken), 0
    while not (after := _look(broken, state, broken.lump)).failed:
        state, spent = replace(after, dispersion=broken.dispersion), spent + broken.lump
        if spent > _HOPELESS:
            return spent
    lumps = range(1, broken.lump + 1)
    return spent + lumps[bisect_left(lumps, 1, key=lambda bad: int(_look(broken, state, bad).failed))]


def _look(broken: Broken, state: State, bad: int) -> State:
    requests = bad * (1 - broken.share) / broken.share
    beside = Counts(requests, requests * broken.rules.budget)
    return advance(broken.rules, state, state.at + BIN, Counts(float(bad), float(bad)), beside)


def _aged(broken: Broken) -> State:
    """As after so many good bins: what was put in then has been lost, and what begins now is worth less."""
    state = begin(0.0)
    rests = broken.share == 1
    beside = replace(state.beside, rests=rests, is_there=not rests)
    state = replace(state, beside=beside, dispersion=broken.dispersion, bins=float(broken.bins))
    if not broken.bins:
        return state
    proofs = state.proofs
    relative = tuple(_begun(one, broken.bins) for one in proofs.relative)
    return replace(state, proofs=Proofs(_begun(proofs.absolute, broken.bins), relative, proofs.ill, proofs.good))


def _begun(mixture: Mixture, bins: int) -> Mixture:
    return (fresh(float(bins)) - log(len(mixture)),) * len(mixture)
