"""Orders for one rollout: what each writes, in which phases it makes no sense, and how it shows that it was followed.

An order is an annotation that names the candidate, so nothing guards the write: one that comes too late names a
revision that is the candidate no more, and nobody follows it; nor does that revision where it comes again.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from toprope.cli.rollout.reading import Reading
from toprope.cli.rollout.words import serves, stands
from toprope.delivery.history import Outcome, RecordStatus
from toprope.delivery.machine.reasons import GOES_ON_ALONE, Reason
from toprope.delivery.machine.rollout import Command, Phase
from toprope.delivery.orders import annotation, names

Changes = Mapping[str, str | None]
"""Annotations to write; None takes one away."""

_BACK = "its requests are being taken back already"
_GONE = "it has failed and gets no requests"
_NOT_PROMOTED: Mapping[str, str] = {
    Phase.FROZEN: "it waits for its error budget, and toprope unfreeze lets it go on",
    Phase.ROLLING_BACK: f"{_BACK}; once that is done, toprope retry tries it again",
    Phase.FAILED: f"{_GONE}; toprope retry tries it again",
}
Senseless = Callable[[Reading], str]


@dataclass(frozen=True, slots=True)
class Order:
    """One command of a person's."""

    name: str
    command: Command
    """Whose annotation it writes, or takes away."""
    does: str
    """What comes of it."""
    senseless: Senseless
    """Why there is nothing to it where the rollout stands; empty where there is."""
    shows: Callable[[Reading, str], bool]
    """Whether it was followed: by the status, and the annotation's value."""
    lifts: tuple[Command, ...] = ()
    """What else would stand in its way."""
    is_taking: bool = False
    """Whether it takes the annotation away."""
    wants_back: bool = False
    """Whether a roll-back is what it asks for."""


def _nowhere_in(phases: Mapping[Phase, str]) -> Senseless:
    return lambda one: {str(phase): why for phase, why in phases.items()}.get(one.phase, "")


def _is_given_up(one: Reading) -> str:
    """A failed one that goes on by itself can still be stopped."""
    if one.phase == Phase.FAILED:
        return "" if one.rollout.reason in GOES_ON_ALONE else _GONE
    return _BACK if one.phase == Phase.ROLLING_BACK else ""


def _is_decided(one: Reading) -> str:
    """Who is taken back to nobody may still be kept."""
    if one.phase == Phase.ROLLING_BACK and one.rollout.reason == Reason.STABLE_NOT_READY:
        return ""
    return _NOT_PROMOTED.get(one.phase, "")


def _is_back(one: Reading, value: str) -> bool:
    candidate = value.partition("/")[0]
    is_still_it = one.candidate == candidate and one.phase in (Phase.ROLLING_BACK, Phase.FAILED)
    is_given_up = is_still_it and one.rollout.reason not in GOES_ON_ALONE
    return is_given_up or ((how := ended(one, candidate)) is not None and how.outcome == Outcome.ABORTED)


def _is_kept(one: Reading, value: str) -> bool:
    """Before its first requests nothing says that it is paused: it cannot get any while the annotation stands."""
    has_not_begun = one.phase in (Phase.FROZEN, Phase.PREPARING) and one.tells(Command.PAUSE)
    return one.rollout.reason == Reason.PAUSED or (has_not_begun and one.candidate == value.partition("/")[0])


def _is_tried(one: Reading, value: str) -> bool:
    """A try that fails keeps the order in the status; one that has been promoted since does not."""
    candidate = value.partition("/")[0]
    goes_on = one.candidate == candidate and one.phase != Phase.FAILED
    return goes_on or one.revision.stable == candidate or one.rollout.retried == value


def ended(one: Reading, candidate: str) -> RecordStatus | None:
    """The record of the candidate's last rollout, where that is over."""
    return next((each for each in one.records if each.candidate == candidate and each.ended), None)


PROMOTE = Order(
    "promote", Command.PROMOTE, "sends it all requests now and makes it stable, without steps, gate and bake",
    senseless=_is_decided,
    shows=lambda one, value: names(value, one.revision.stable),
    lifts=(Command.PAUSE,),
)  # fmt: skip
ABORT = Order(
    "abort", Command.ABORT, "takes all requests back, and gives it up",
    senseless=_is_given_up,
    shows=_is_back, wants_back=True,
)  # fmt: skip
PAUSE = Order(
    "pause", Command.PAUSE, "keeps it where it is; a bad one is taken back all the same",
    senseless=_nowhere_in({Phase.ROLLING_BACK: _BACK, Phase.FAILED: _GONE}),
    shows=_is_kept,
)  # fmt: skip
RESUME = Order(
    "resume", Command.PAUSE, "lets it go on from where it was paused", senseless=_nowhere_in({}),
    shows=lambda one, value: one.rollout.reason != Reason.PAUSED, is_taking=True,
)  # fmt: skip
RETRY = Order(
    "retry", Command.RETRY, "tries it again from the beginning; earlier orders for it are taken away",
    senseless=lambda one: "" if one.phase == Phase.FAILED else "it has not failed",
    shows=_is_tried,
    lifts=(Command.ABORT, Command.PROMOTE, Command.PAUSE), wants_back=True,
)  # fmt: skip
UNFREEZE = Order(
    "unfreeze", Command.UNFREEZE, "lets it go on though an error budget is spent, or pays for no next share",
    senseless=lambda one: "" if one.waits_for_budget else "it does not wait for an error budget",
    shows=lambda one, value: not one.waits_for_budget,
)  # fmt: skip

ORDERS = (PROMOTE, ABORT, PAUSE, RESUME, RETRY, UNFREEZE)


def refusal(order: Order, one: Reading) -> str:
    """Why the order is not given, as a sentence; empty where it is."""
    if one.candidate is None:
        return f"{one.ref} has no candidate: there is nothing to {order.name}. {serves(one)}"
    if order.is_taking and not one.noted(order.command):
        return f"Revision {one.candidate} is not paused: {one.ref} has no annotation {annotation(order.command)}."
    why = order.senseless(one)
    return f"There is nothing to {order.name}: revision {one.candidate} is {one.phase}, {why}." if why else ""


def changes(order: Order, one: Reading, mark: str) -> Changes:
    """The annotations that it takes; `mark` tells one order to try again from the next."""
    value = f"{one.candidate}/{mark}" if order is RETRY or one.is_worn(order.command) else one.candidate
    lifted = {annotation(command): None for command in order.lifts if names(one.noted(command), one.candidate)}
    return {annotation(order.command): None if order.is_taking else value, **lifted}


def useful(one: Reading) -> list[Order]:
    """Those that would change something now."""
    return [order for order in ORDERS if not refusal(order, one) and not _stands(order, one)]


def _stands(order: Order, one: Reading) -> bool:
    return not order.is_taking and order is not RETRY and one.tells(order.command)


def crossed(order: Order, one: Reading, candidate: str) -> str:
    """Why the order will not be followed any more, as a sentence; empty where it may be."""
    if one.candidate != candidate:
        how = ended(one, candidate)
        told = f" It ended as {how.outcome}: {how.message}" if how else ""
        return f"Revision {candidate} is not the candidate any more.{told}"
    if one.phase in (Phase.ROLLING_BACK, Phase.FAILED) and not order.wants_back:
        return f"Revision {candidate} was taken back first: {stands(one)}. {one.rollout.message}"
    return ""
