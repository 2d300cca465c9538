"""SloDataPresent: whether somebody counts, and who."""

from toprope.core.measured import value
from toprope.slo.budget import State
from toprope.slo.facts.look import RULES_ACCEPTED, Check, Fact, Look, blind, is_newest, named, with_broken
from toprope.slo.reasons import Reason
from toprope.slo.sli import OWN, PATIENCE
from toprope.slo.status import Standing

TOO_MANY = 1.01
"""Bad events over all events, from where on the two cannot count the same thing; rates are extrapolated by a little."""


def not_recorded(look: Look) -> Fact | None:
    """Whether anybody counts is known by rules that run."""
    if names := with_broken(look, lambda one: one.numbers.rules is None):
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
    if names := named(look, lambda one: (value(one.numbers.lost, look.now) or 0.0) > 0):
        told = (
            f"No pod takes requests that could be counted for {names}: they count as bad at the rate of the last hour. "
            f"Look at the pods (kubectl get pods) and at the condition Ready."
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


def gateway_fell_silent(look: Look) -> Fact | None:
    """It counted within the last hour, and its series are gone: who comes through it may find nobody there, and no
    counter moves, nor does any alert fire."""
    if names := named(look, lambda one: _has_no_gateway(look, one) and _had_one(look, one)):
        selector = next(iter(look.wanted.gateway.values()))
        told = (
            f"The gateway counted until a while ago, and now Prometheus has no series of it that count {names}: "
            f"{selector}. While it is down nobody who comes through it is answered, and no alert tells of it: look at "
            f"its pods, and whether Prometheus still scrapes them. One that began anew counts from the next request on."
        )
        return Fact("True", Reason.GATEWAY_NOT_COUNTING, told)
    return None


def gateway_not_counting(look: Look) -> Fact | None:
    """Pods are asked, and the gateway before them says nothing of it."""
    if names := named(look, lambda one: _has_no_gateway(look, one) and (value(one.numbers.counted, look.now) or 0) > 0):
        selector = next(iter(look.wanted.gateway.values()))
        told = (
            f"Pods alone count {names}, for Prometheus has no series of the gateway: {selector}. Where users come "
            f"through it, a request that finds no pod is not seen: let Prometheus scrape the gateway, and Traefik "
            f"count by router (--metrics.prometheus.addRoutersLabels=true)."
        )
        return Fact("True", Reason.GATEWAY_NOT_COUNTING, told)
    return None


def _has_no_gateway(look: Look, one: Standing) -> bool:
    return one.promise.name in look.wanted.gateway and value(one.numbers.gateway, look.now) is None


def _had_one(look: Look, one: Standing) -> bool:
    return value(one.numbers.gateway_lately, look.now) is not None


def gateway_without_bucket(look: Look) -> Fact | None:
    """Who gave up is counted, and not how long he had waited."""
    if names := named(look, lambda one: _is_hasty(look, one)):
        told = (
            f"The gateway counts {names}, and has no histogram bucket of {PATIENCE} s: every client that gave up (499) "
            f"counts as bad, however short it waited. Add the bucket to Traefik's --metrics.prometheus.buckets."
        )
        return Fact("True", Reason.GATEWAY_WITHOUT_BUCKET, told)
    return None


def _is_hasty(look: Look, one: Standing) -> bool:
    """Earlier rules may not have asked for the bucket."""
    if one.promise.name not in look.wanted.gateway or value(one.numbers.gateway, look.now) is None:
        return False
    return is_newest(look, one) and value(one.numbers.bucket, look.now) is None


def bad_has_no_series(look: Look) -> Fact | None:
    """Somebody's own selector of bad events matches nothing, which may be right. Earlier rules did not ask."""
    if names := named(look, lambda one: _is_blank(look, one)):
        told = (
            f"The selector of bad events of {names} matches no series, so all events count as good. It is right while "
            f"nothing has failed; else look at ratio.bad: a label or a value may be written otherwise."
        )
        return Fact("True", Reason.BAD_HAS_NO_SERIES, told)
    return None


def _is_blank(look: Look, one: Standing) -> bool:
    own = one.promise.counted_by == OWN and is_newest(look, one)
    return own and value(one.numbers.bad_series, look.now) is None


def no_events(look: Look) -> Fact | None:
    """Somebody counts, and there was nothing to count."""
    if names := named(look, lambda one: one.status.state is State.NO_DATA):
        return Fact("True", Reason.NO_EVENTS, f"All are counted; nothing has happened yet for {names}.")
    return None


def counted(look: Look) -> Fact:
    """All is counted."""
    return Fact("True", Reason.COUNTED, "All are counted.")


DATA: tuple[Check, ...] = (
    blind, no_series, nobody_counts, bad_exceeds_total, not_recorded, gateway_fell_silent, gateway_not_counting,
    gateway_without_bucket, bad_has_no_series, no_events, counted,
)  # fmt: skip
