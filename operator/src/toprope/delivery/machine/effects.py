"""What else changes when a rollout moves: revisions, weight, and the times that belong to it."""

from dataclasses import replace

from toprope.delivery.machine.facts import Look, next_weight
from toprope.delivery.machine.rollout import WHOLE, Rollout


def stay(look: Look) -> Rollout:
    """Nothing."""
    return look.before


def prepare(look: Look) -> Rollout:
    """The wanted revision is the candidate, from the beginning."""
    retiring = None if look.before.retiring == look.seen.wanted else look.before.retiring
    return replace(
        _anew(look.before), candidate=look.seen.wanted, retiring=retiring, routed=look.before.routed,
        retried=look.seen.retry, began=look.now, unready_since=look.now,
    )  # fmt: skip


def drop(look: Look) -> Rollout:
    """There is no candidate any more."""
    return replace(_anew(look.before), routed=look.before.routed)


def step(look: Look) -> Rollout:
    """The next weight is decided."""
    return _weighed(look, next_weight(look.before, look.policy))


def whole(look: Look) -> Rollout:
    """All requests are to go to the candidate."""
    return _weighed(look, WHOLE)


def take_back(look: Look) -> Rollout:
    """None are."""
    return replace(look.before, weight=0, stepped=look.now, routed=None)


def promote(look: Look) -> Rollout:
    """The candidate is stable from now on; who was stable has a rest that begins when the route has left him."""
    before = look.before
    names = dict.fromkeys((before.stable, *before.served))
    return replace(
        _anew(before),
        stable=before.candidate,
        retiring=before.stable,
        served=tuple(name for name in names if name and name != before.candidate),
        routed=before.routed if before.weight == WHOLE else None,
    )


def end(look: Look) -> Rollout:
    """The candidate has had its last request."""
    return replace(look.before, routed=None, stepped=None)


def free(look: Look) -> Rollout:
    """The earlier revision is gone."""
    return replace(look.before, retiring=None, routed=None)


def _weighed(look: Look, weight: int) -> Rollout:
    return replace(
        look.before, weight=weight, step=look.before.step + 1, stepped=look.now, routed=None, undecided_since=look.now
    )


def _anew(before: Rollout) -> Rollout:
    return replace(
        before, candidate=None, step=0, weight=0, stepped=None, routed=None, retried=None, began=None,
        unready_since=None, alone_since=None,
    )  # fmt: skip
