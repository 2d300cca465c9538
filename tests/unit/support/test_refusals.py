"""Every fault that is tried has the API server's answer to it written down, and no answer is left over."""

from tests.support.refusals import REFUSALS
from tests.support.specs import FAULTS


def test_each_fault_has_its_refusal() -> None:
    assert REFUSALS.keys() == FAULTS.keys()
