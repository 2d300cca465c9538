"""Every reason that is no kind's own: of errors, of the engine itself, of rollouts and of routes."""

from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path

import pytest

import toprope
from toprope.core.errors import (
    AlreadyExists,
    ChildNotOurs,
    ChildOrphaned,
    Conflict,
    DataNotOurs,
    Refused,
    TopropeError,
    Transient,
)
from toprope.core.objects import SERVICE, Ref
from toprope.delivery import traffic
from toprope.delivery.machine.reasons import Reason as Moved
from toprope.engine import status
from toprope.engine.one_pass import Bug
from toprope.engine.parse import Unreadable
from toprope.io.prometheus import TooMuch, Unseen
from toprope.io.translation import Gone, Missing
from toprope.slo.reasons import Reason as OfSlos

CODE = Path(toprope.__file__).parent
TESTS = Path(__file__).parents[2]
REF = Ref(SERVICE, "shop", "links-web")
SHOWN = [
    (Transient("Away."), ["Reconciled"], "ApiUnavailable"),
    (Gone("Too old."), ["Reconciled"], "ApiUnavailable"),
    (Conflict("Somebody wrote first."), ["Reconciled"], "Conflict"),
    (Bug("KeyError."), ["Reconciled"], "InternalError"),
    (Refused(REF, "No."), ["Ready", "Reconciled"], "Refused"),
    (Refused(REF, "No.", reason="Invalid"), ["Ready", "Reconciled"], "Invalid"),
    (Missing(REF, "No such API.", reason="ApiMissing"), ["Ready", "Reconciled"], "ApiMissing"),
    (ChildNotOurs(REF, "Deployment other"), ["Ready", "Reconciled"], "ChildNotOurs"),
    (DataNotOurs(REF, "no controller", {"a": "b"}), ["Ready", "Reconciled"], "ChildNotOurs"),
    (ChildOrphaned(REF, ["services"], "a=b"), ["Ready", "Reconciled"], "ChildOrphaned"),
    (Unreadable("spec.replicas: too many."), ["Ready", "Reconciled"], "InvalidSpec"),
]
NEVER_SHOWN = {AlreadyExists, Unseen, TooMuch}
"""The first becomes a Conflict or a ChildNotOurs; the ledger makes a fact of the others."""


@pytest.mark.parametrize(("error", "conditions", "reason"), SHOWN, ids=lambda one: type(one).__name__)
def test_an_error_is_said_with_its_reason_and_its_sentence(
    error: TopropeError, conditions: list[str], reason: str
) -> None:
    said = status.trouble_of(error)
    assert [one.type for one in said] == conditions
    assert {(one.status, one.reason, one.message) for one in said} == {("False", reason, str(error))}


def descendants(error: type[TopropeError]) -> Iterator[type[TopropeError]]:
    for child in error.__subclasses__():
        yield child
        yield from descendants(child)


def test_every_error_is_shown_or_known_not_to_be() -> None:
    shown = {type(error) for error, _, _ in SHOWN}
    ours = {error for error in descendants(TopropeError) if error.__module__.startswith("toprope.")}
    assert ours - shown == NEVER_SHOWN


def test_the_engine_says_when_all_is_done_and_when_it_was_asked_to_do_nothing() -> None:
    assert (status.DONE.status, status.DONE.reason) == ("True", "AllApplied")
    assert (status.DISABLED.status, status.DISABLED.reason) == ("False", "ReconcileDisabled")
    assert "Remove it to go on." in status.DISABLED.message


@pytest.mark.parametrize("reasons", [Moved, traffic.RouteReason, OfSlos], ids=["rollouts", "routes", "SLOs"])
def test_every_reason_of_a_rollout_a_route_or_an_slo_is_said_and_tested(reasons: type[StrEnum]) -> None:
    code = "".join(one.read_text() for one in CODE.rglob("*.py"))
    tests = "".join(one.read_text() for one in TESTS.rglob("test_*.py") if one != Path(__file__))
    name = reasons.__name__
    assert [one.name for one in reasons if f"{name}.{one.name}" not in code] == []
    untested = [one.name for one in reasons if f"{name}.{one.name}" not in tests and f'"{one.value}"' not in tests]
    assert untested == []
