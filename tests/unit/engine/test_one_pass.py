"""What a pass does when the API server does not take something, told on paper."""

from tests.support.passes import LINKS, Passes
from toprope.core.errors import Transient
from toprope.engine.one_pass import part
from toprope.kinds.shortenerapp.kind import SHORTENER_APP

THROTTLED = Transient("too many requests", retry_after=1)


async def test_an_event_that_meets_a_hiccup_keeps_no_status_from_being_written() -> None:
    passes = Passes()
    passes.cluster.errors["Event"] = THROTTLED
    await passes.serving()
    assert passes.states()["Ready"] == ("True", "Serving")


async def test_an_event_that_meets_a_hiccup_keeps_no_resource_from_going() -> None:
    passes = await Passes().serving()
    passes.cluster.errors["Event"] = THROTTLED
    passes.change(LINKS, {"metadata": {"deletionTimestamp": "2026-01-01T02:00:00Z"}})
    assert await part(SHORTENER_APP, LINKS, passes.world)
    assert passes.cluster.objects[LINKS]["metadata"]["finalizers"] == []
