import pytest

from toprope_kit.circuit import Circuit


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def circuit(clock: Clock) -> Circuit:
    return Circuit(1.0, clock)


def test_at_first_everybody_may_ask(circuit: Circuit) -> None:
    assert not circuit.open
    assert not circuit.gone


def test_after_a_failure_nobody_asks_for_the_pause(circuit: Circuit, clock: Clock) -> None:
    circuit.failed()
    clock.now = 0.9
    assert circuit.open
    assert circuit.gone


def test_after_the_pause_one_asks_and_the_others_wait(circuit: Circuit, clock: Clock) -> None:
    circuit.failed()
    clock.now = 1.0
    assert [circuit.open for _ in range(3)] == [False, True, True]


def test_a_probe_that_never_comes_back_is_followed_by_another(circuit: Circuit, clock: Clock) -> None:
    circuit.failed()
    clock.now = 1.0
    assert not circuit.open
    clock.now = 2.0
    assert not circuit.open


def test_an_answer_lets_everybody_ask_again(circuit: Circuit) -> None:
    circuit.failed()
    circuit.succeeded()
    assert not circuit.open
    assert not circuit.gone
