"""SloDataPresent: whether somebody counts, and who."""

from toprope.core.measured import value
from toprope.slo.budget import State
from toprope.slo.facts.look import RULES_ACCEPTED, Check, Fact, Look, blind, named
from toprope.slo.reasons import Reason

TOO_MANY = 1.01
"""Bad events over all events, from where on the two cannot count the same thing; rates are extrapolated by a little."""


def not_recorded(look: Look) -> Fact | None:
    """Whether anybody counts is known by rules that run."""
    if names := named(look, lambda one: one.numbers.rules is None):
        return Fact("Unknown", Reason.NOT_RECORDED, f"No rules record {names} yet; {RULES_ACCEPTED} says why.")
    return None


def no_series(look: Look) -> Fact | None:
    """What should be counted matches nothing."""
    if names := named(look, lambda one: bool(one.numbers.rules) and value(one.numbers.counted, look.now) is None):
        told = (
            f"Prometheus has no series that count {names}. Look whether it scrapes the pods (its page /targets, the "
            f"PodMonitor's labels, the NetworkPolicy's namespace), and whether the selectors match anything."
        )
        return Fact("False", Reason.NO_SERIES, told)
    return None


def nobody_counts(look: Look) -> Fact | None:
    """Every pod is gone: silence is counted as failure."""
    if names := named(look, lambda one: value(one.numbers.lost, look.now) is not None):
        told = (
            f"No pod is up that could count {names}: requests count as bad at the rate of the last hour. Look at the "
            f"pods (kubectl get pods) and at the condition Ready."
        )
        return Fact("False", Reason.NOBODY_COUNTS, told)
    return None


def bad_exceeds_total(look: Look) -> Fact | None:
    """The two counters cannot be of the same thing."""
    if names := named(look, lambda one: (value(one.numbers.error, look.now) or 0.0) > TOO_MANY):
        told = (
            f"More bad events are counted than events: {names}. Selector `bad` must select some of the events that "
            f"`total` selects."
        )
        return Fact("False", Reason.BAD_EXCEEDS_TOTAL, told)
    return None


def no_events(look: Look) -> Fact | None:
    """Somebody counts, and there was nothing to count."""
    if names := named(look, lambda one: one.status.state is State.NO_DATA):
        return Fact("True", Reason.NO_EVENTS, f"All are counted; nothing has happened yet for {names}.")
    return None


def counted(look: Look) -> Fact:
    """All is counted."""
    return Fact("True", Reason.COUNTED, "All are counted.")


DATA: tuple[Check, ...] = (blind, no_series, nobody_counts, bad_exceeds_total, not_recorded, no_events, counted)
