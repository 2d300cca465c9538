"""What a rollout may spend: what the budgets of the SLOs that judge it pay for, and how the status says that."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from toprope.core.measured import value
from toprope.delivery.machine.rollout import Command, Phase, Policy, Rollout
from toprope.delivery.machine.weights import percent
from toprope.delivery.orders import orders
from toprope.delivery.sizing import LEAST_DISPERSION, Figures, Paid, Purse, figures, least, paid, telling, written
from toprope.delivery.spec import PaidStatus, RolloutStatus
from toprope.serving import trial
from toprope.serving.health import Look
from toprope.serving.trial import Evidence
from toprope.slo.budget import State
from toprope.slo.left import left
from toprope.slo.promise import promise_of
from toprope.slo.status import SloStatus

_ASKED = (Phase.PREPARING, Phase.SHIFTING, Phase.HOLDING)
"""When a next weight may be due."""


def payments(look: Look, before: Rollout, found: Evidence) -> Sequence[Paid]:
    """Of each SLO that judges, while the candidate waits for a weight."""
    if before.candidate is None or before.phase not in _ASKED:
        return ()
    known, lost = {one.slo: one for one in _told(look)}, {one.slo: one.lost or 0 for one in found.judged}
    # Nothing has been proven of it before it has requests.
    seconds = (look.now - before.began).total_seconds() if before.began and before.step else 0.0
    share = float(Decimal(look.resource.spec.rollout.gate.budget_share.removesuffix("%")) / 100)
    return [
        paid(
            Purse(
                name, rules, _figures(look, name, known.get(name)), share, lost.get(name, 0), _phi(look, name), seconds
            )
        )
        for name, rules in trial.rules(look.resource).items()
    ]


def limited(look: Look, before: Rollout, policy: Policy, found: Sequence[Paid]) -> Policy:
    """The policy with the largest weight that is paid for. Where the spec names its steps, or there is none to choose,
    or a person let this very release go on, nothing is held back."""
    spec = look.resource.spec.rollout
    is_told = Command.UNFREEZE in orders(look.resource.annotations, before.candidate, before.earlier_orders)
    # `Never` says that a spent budget holds nobody; what is left of the others still does.
    binding = [one for one in found if spec.freeze != "Never" or one.given != 0]
    decides = least(binding)
    if decides is None or spec.steps or not policy.steps or is_told:
        return policy
    return replace(policy, most=decides.most, most_message=decides.message)


def budget_status(look: Look, before: Rollout, after: Rollout, found: Sequence[Paid]) -> Sequence[PaidStatus]:
    """For the status: of this try of the candidate, and as it was last once nothing more is asked of the budget."""
    if after.candidate is None or (after.candidate, after.began) != (before.candidate, before.began):
        return ()
    return [_status(one) for one in found] or _told(look)


def exhausted(look: Look) -> str:
    """Whose budget is spent, so that new releases wait, as a sentence; empty where they need not.

    By the status as it was read, which calls no budget spent on fewer than ten bad events. Not to see one that was
    spent is no recovery.
    """
    spent = [one for one in look.resource.status.slos if one.state == State.EXHAUSTED or _was_spent(one)]
    if not spent or look.resource.spec.rollout.freeze == "Never":
        return ""
    return (
        f"New releases wait: {'; '.join(_spent(look, one) for one in spent)}. It comes back as bad requests get older "
        "than the window. The annotation toprope.dev/unfreeze: <candidate> lets this one go on."
    )


def _was_spent(one: SloStatus) -> bool:
    return one.state == State.NO_DATA and one.exhausted_since is not None


def _spent(look: Look, one: SloStatus) -> str:
    """`the error budget of availability (99.9 % over 30d) is spent since …: 61 bad requests, 52 were allowed`."""
    numbers = look.seen.measured.of(one.name)
    promised = f" ({one.objective} % over {one.window})" if one.objective and one.window else ""
    since = f" since {one.exhausted_since}" if one.exhausted_since else ""
    bad, allowed = value(numbers.bad.get(one.window or ""), look.now), value(numbers.allowed, look.now)
    counted = f": {telling(bad)} bad requests, {telling(allowed)} were allowed" if bad and allowed else ""
    return f"the error budget of {one.name}{promised} is spent{since}{counted}"


def _told(look: Look) -> Sequence[PaidStatus]:
    return (look.resource.status.rollout or RolloutStatus()).budget


def _figures(look: Look, name: str, before: PaidStatus | None) -> Figures | None:
    """What was known and is not seen any more still holds."""
    promise = promise_of(next(one for one in look.resource.spec.slos if one.name == name))
    known = Figures(float(before.left), float(before.rate)) if before and before.left and before.rate else None
    now = left(promise, look.seen.measured.of(name), look.now)
    return figures(now.events, now.rate, known) if now else known


def _phi(look: Look, name: str) -> float:
    judged = look.seen.looked.judged.get(name)
    return float(judged.evidence.get("dispersion", LEAST_DISPERSION)) if judged else LEAST_DISPERSION


def _status(one: Paid) -> PaidStatus:
    if one.figures is None:
        return PaidStatus(slo=one.slo, message=one.message)
    return PaidStatus(
        slo=one.slo,
        left=written(one.figures.left),
        rate=written(one.figures.rate),
        given=written(one.given or 0.0),
        needed=one.needed,
        most=percent(one.most),
        message=one.message,
    )
