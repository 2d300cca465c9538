"""A revision that lives keeps what it stands on, whatever the spec has come to say since its birth."""

import asyncio
from typing import Any

import pytest

from tests.support.flows import End, allowed
from tests.support.shorteners import Paper, Spoiling, a_shortener, all_of, condition, give_secret, not_ready, with_spec
from toprope.core.decision import Apply, Decision, Delete
from toprope.core.objects import CONTROLLER_REVISION, SECRET, Manifest, Ref
from toprope.kinds.shortenerapp.spec import revision_of_spec
from toprope.serving import places
from toprope.serving.reasons import Reason
from toprope.serving.seen import Seen

OWN: dict[str, Any] = {"cache": {"embedded": {}, "external": None}}
THEIRS: dict[str, Any] = {"cache": {"embedded": None, "external": {"secretRef": {"name": "my-cache"}}}}
MISTYPED: dict[str, Any] = {"cache": {"embedded": None, "external": {"secretRef": {"name": "my-cahce"}}}}
OF_THE_CACHE = {("Deployment", "links-cache"), ("Service", "links-cache"), ("NetworkPolicy", "links-cache")}
OUTSIDE = End("", outside=True)


def turned(before: dict[str, Any], after: dict[str, Any]) -> Paper:
    """A resource that serves under one spec, and gets another one."""
    paper = Paper(a_shortener(before))
    give_secret(paper, "my-cache", ["uri"])
    paper.settle()
    paper.resource = with_spec(paper.resource, after)
    return paper


def stuck(paper: Paper, spoil: Spoiling = lambda seen: seen) -> Decision:
    """A few passes later; the candidate does not get ready."""
    name = f"links-web-{revision_of_spec(paper.resource.spec)}"

    def unready(seen: Seen) -> Seen:
        return not_ready("Deployment", name)(seen) if ("Deployment", name) in seen.children else seen

    for _ in range(5):
        decision = paper.pass_once(all_of(unready, spoil))
    assert paper.resource.status.revision.candidate == revision_of_spec(paper.resource.spec)
    return decision


def reaches(decision: Decision, target: End, port: int) -> bool:
    """Whether the web pods get there."""
    found = [one.manifest for one in decision.actions if isinstance(one, Apply)]
    web = End("default", places.labels(a_shortener(), places.WEB, "abc"))
    return allowed([one for one in found if one["kind"] == "NetworkPolicy"], web, target, port)


def cache() -> End:
    return End("default", places.labels(a_shortener(), places.CACHE))


def applied(decision: Decision, name: str) -> list[Manifest]:
    found = [one.manifest for one in decision.actions if isinstance(one, Apply)]
    return [one for one in found if (one["kind"], one["metadata"]["name"]) == ("Deployment", name)]


def removed(paper: Paper, ref: Ref) -> None:
    asyncio.run(paper.cluster.delete(ref, ""))


def test_the_cache_of_the_serving_revision_outlives_a_spec_that_names_another() -> None:
    paper = turned({}, MISTYPED)
    decision = stuck(paper)
    assert paper.seen().children.keys() >= OF_THE_CACHE
    assert reaches(decision, cache(), 6379)
    assert condition(decision, "Ready")[:2] == ("True", Reason.SERVING)
    said = condition(decision, "Progressing")
    assert said[:2] == ("True", Reason.SECRET_MISSING)
    assert "Secret my-cahce, named in spec.cache.external.secretRef, does not exist" in said[2]


def test_it_goes_when_no_revision_uses_it_any_more() -> None:
    paper = turned({}, THEIRS).settle()
    assert not OF_THE_CACHE & paper.seen().children.keys()


def test_meanwhile_it_is_applied_from_its_record() -> None:
    paper = turned({}, MISTYPED)
    rendered = paper.seen().children["Deployment", "links-cache"]["spec"]
    assert [one["spec"] for one in applied(stuck(paper), "links-cache")] == [rendered]


def test_without_its_record_it_stays_as_it_is() -> None:
    paper = turned({}, MISTYPED)
    for ref in list(paper.cluster.objects):
        if ref.resource == CONTROLLER_REVISION and "-cache-" in ref.name:
            removed(paper, ref)
    assert applied(stuck(paper), "links-cache") == []
    assert paper.seen().children.keys() >= OF_THE_CACHE


def test_the_cache_of_a_revision_without_a_record_is_known_by_its_pods() -> None:
    paper = turned({}, MISTYPED)
    stable = paper.resource.status.revision.stable
    removed(paper, Ref(CONTROLLER_REVISION, "default", f"links-web-{stable}"))
    assert not [one for one in stuck(paper).actions if isinstance(one, Delete)]
    assert paper.seen().children.keys() >= OF_THE_CACHE


@pytest.mark.parametrize(("before", "after"), [(OWN, THEIRS), (THEIRS, OWN)])
def test_while_two_revisions_live_each_reaches_its_own_cache(before: dict[str, Any], after: dict[str, Any]) -> None:
    decision = stuck(turned(before, after))
    assert reaches(decision, cache(), 6379)
    assert reaches(decision, OUTSIDE, 6380)


def test_while_two_revisions_live_each_sends_its_traces() -> None:
    old, new = ({"settings": {"otlpEndpoint": f"http://collector:{port}"}} for port in (4318, 4319))
    paper = turned(old, new)
    decision = stuck(paper)
    assert [reaches(decision, OUTSIDE, port) for port in (4318, 4319, 4320)] == [True, True, False]


def test_ready_looks_at_the_secret_that_the_serving_revision_was_born_with() -> None:
    paper = turned(THEIRS, OWN)
    assert condition(stuck(paper), "Ready")[:2] == ("True", Reason.SERVING)
    removed(paper, Ref(SECRET, "default", "my-cache"))
    said = condition(stuck(paper), "Ready")
    assert said[:2] == ("False", Reason.SECRET_MISSING)
    assert "Secret my-cache, named earlier in spec.cache.external.secretRef, does not exist" in said[2]


def test_a_cache_that_only_a_candidate_uses_says_nothing_of_what_serves() -> None:
    paper = turned(THEIRS, OWN)
    stuck(paper)
    decision = stuck(paper, not_ready("Deployment", "links-cache"))
    assert "CacheReady" not in [one.type for one in decision.conditions]
