"""Signs of life of a node, or why there are none."""

from math import inf

from tests.support.trials import Hands, Roster
from toprope.core.errors import Refused, Transient
from toprope.core.objects import LEASE, NODE, Ref
from toprope.io.now.nodes import Nodes


def a_cluster() -> tuple[Roster, Hands, Nodes]:
    roster, hands = Roster(), Hands()
    roster.has_node("n")
    return roster, hands, Nodes(roster, hands.beat)


async def test_a_lease_that_is_renewed_is_a_sign_of_life() -> None:
    roster, hands, nodes = a_cluster()
    await nodes.ask(["n"])
    assert nodes.lived("n") == -inf
    hands.move(4)
    roster.has_node("n", renewed="2")
    await nodes.ask(["n"])
    await nodes.ask(["n"])
    assert nodes.lived("n") == hands.beats


async def test_a_node_that_is_not_ready_or_gone_gives_none() -> None:
    roster, _, nodes = a_cluster()
    for renewed in ("1", "2"):
        roster.has_node("n", renewed=renewed)
        await nodes.ask(["n"])
    roster.has_node("n", ready="Unknown", renewed="3")
    await nodes.ask(["n"])
    assert nodes.lived("n") == -inf
    del roster.nodes[NODE, "n"]
    await nodes.ask(["n"])
    assert nodes.lived("n") == -inf


async def test_one_without_a_lease_gives_none() -> None:
    roster, _, nodes = a_cluster()
    await nodes.ask(["n"])
    del roster.nodes[LEASE, "n"]
    await nodes.ask(["n"])
    assert nodes.lived("n") == -inf


async def test_an_api_server_that_is_away_says_nothing_of_it() -> None:
    roster, _, nodes = a_cluster()
    for renewed in ("1", "2"):
        roster.has_node("n", renewed=renewed)
        await nodes.ask(["n"])
    roster.fails = Transient("Away.")
    lived = nodes.lived("n")
    await nodes.ask(["n"])
    assert nodes.lived("n") == lived


async def test_who_may_not_ask_knows_nothing() -> None:
    roster, _, nodes = a_cluster()
    roster.fails = Refused(Ref(NODE, "", "n"), "Forbidden.")
    await nodes.ask(["n"])
    assert nodes.lived("n") is None


async def test_only_those_that_are_asked_about_are_remembered() -> None:
    _, _, nodes = a_cluster()
    await nodes.ask(["n", ""])
    await nodes.ask([])
    assert nodes.lived("n") is None
