"""The demo as a story: from a manifest to a link that was followed and SLOs that are met, each step with its moment.

A step that does not come true in its time ends the story with the reason.
"""

import base64
import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from toprope.cli.gateway import Answer, Gateway
from toprope.cli.waiting import TookTooLong, until
from toprope.core.names import child_name
from toprope.core.objects import SECRET, Manifest, Ref
from toprope.slo.facts.look import SLOS_MET
from toprope.slo.health import SPOKEN
from toprope.slo.reasons import Reason

LINK_WITHIN = 30.0
STATISTICS_WITHIN = 15.0

_NOBODY_TO_ASK = (Reason.NO_PROMETHEUS, Reason.PROMETHEUS_UNAVAILABLE)

Tell = Callable[[str, str], None]
"""Told of each step that came true: what, and its style."""
Visit = Callable[[], Awaitable[object]]
"""One request of a user's."""


class Reads(Protocol):
    """The one thing that the story asks of a cluster."""

    async def read(self, ref: Ref) -> Manifest | None:
        """The object; None when there is none."""
        ...


class StoryFailed(Exception):
    """A step did not come true; the text says which, why, and where to look."""


@dataclass
class Progress:
    """What has been said of a resource's conditions, so that each change is said once."""

    tell: Tell
    _said: dict[str, tuple[str, str]] = field(default_factory=dict)
    last: Sequence[Mapping[str, Any]] = ()
    """The conditions at the last look."""

    def look(self, conditions: Sequence[Mapping[str, Any]]) -> None:
        """Says what is new; what came true last. Nothing of SLOs before there is a Prometheus: it may come later."""
        self.last = conditions
        for condition in sorted(conditions, key=lambda one: one["status"] == "True"):
            fact = (condition["status"], condition["reason"])
            if _awaits_prometheus(condition) and condition["type"] not in self._said:
                continue
            if self._said.get(condition["type"]) != fact:
                self._said[condition["type"]] = fact
                style = "green" if condition["status"] == "True" else "yellow"
                self.tell(f"{condition['type']:<14} {fact[0]:<8} {fact[1]}: {condition['message']}", style)

    def obstacle(self, awaited: str = "Ready") -> str:
        """What the awaited condition says stands in the way."""
        for condition in self.last:
            if condition["type"] == awaited:
                return f"{condition['reason']}: {condition['message']}"
        return "the operator has not looked at it: is it running? (kubectl -n toprope-system get pods)"


def _awaits_prometheus(condition: Mapping[str, Any]) -> bool:
    return condition["type"] in SPOKEN and condition["reason"] in _NOBODY_TO_ASK


async def ready(cluster: Reads, ref: Ref, within: float, tell: Tell) -> Manifest:
    """The resource once it is Ready at its newest generation; its conditions are told on the way."""
    progress = Progress(tell)

    async def look() -> Manifest | None:
        live = await cluster.read(ref)
        if live is None:
            raise StoryFailed(f"{ref} is gone: somebody deleted it.")
        progress.look((live.get("status") or {}).get("conditions") or ())
        return live if is_ready(live) else None

    try:
        return await until(look, within)
    except TookTooLong as late:
        raise StoryFailed(f"{ref} is not Ready after {within:g} s. {progress.obstacle()}") from late


def is_ready(live: Manifest) -> bool:
    """Whether the resource is Ready, and that was said of its newest spec."""
    said = (live.get("status") or {}).get("conditions") or ()
    return any(
        one["type"] == "Ready"
        and one["status"] == "True"
        and one.get("observedGeneration") == live["metadata"]["generation"]
        for one in said
    )


async def slos_met(cluster: Reads, ref: Ref, visit: Visit, within: float, tell: Tell) -> Manifest:
    """The resource once Prometheus has counted visits and its SLOs are met; what is said of them is told on the way."""
    progress = Progress(tell)

    async def look() -> Manifest | None:
        await visit()
        live = await cluster.read(ref)
        said = ((live or {}).get("status") or {}).get("conditions") or ()
        progress.look([one for one in said if one["type"] in SPOKEN])
        return live if any((one["type"], one["status"]) == (SLOS_MET, "True") for one in said) else None

    try:
        return await until(look, within)
    except TookTooLong as late:
        raise StoryFailed(f"The SLOs of {ref} are not met after {within:g} s. {progress.obstacle(SLOS_MET)}") from late


async def api_key(cluster: Reads, ref: Ref) -> str:
    """The API key that the operator generated. It is never printed."""
    where = Ref(SECRET, ref.namespace, child_name(ref.name, "credentials"))
    secret = await cluster.read(where)
    try:
        return base64.b64decode((secret or {})["data"]["api-key"]).decode().strip()
    except KeyError as missing:
        raise StoryFailed(f"{where} has no key {missing}: the API key should be there.") from missing


async def shortened(gateway: Gateway, key: str, target: str) -> Mapping[str, Any]:
    """A new link to `target`."""
    headers = {"Authorization": f"Bearer {key}", "Idempotency-Key": str(uuid.uuid4())}
    answer = await _answered(gateway, "POST", "/api/v1/links", LINK_WITHIN, headers, {"target": target})
    link: Mapping[str, Any] = _expected(answer, 201, f"{gateway.url} made no link").body
    return link


async def followed(gateway: Gateway, link: Mapping[str, Any]) -> str:
    """Where the short link leads, which is its target."""
    answer = await _answered(gateway, "GET", f"/{link['slug']}", LINK_WITHIN, {})
    location = _expected(answer, 302, f"{gateway.url}/{link['slug']} does not redirect").location
    if location != link["target"]:
        raise StoryFailed(f"{gateway.url}/{link['slug']} leads to {location} and not to {link['target']}.")
    return location


async def counted(gateway: Gateway, key: str, slug: str) -> Mapping[str, Any]:
    """The link's statistics once the visit is in them."""
    headers = {"Authorization": f"Bearer {key}"}

    async def look() -> Mapping[str, Any] | None:
        answer = await _answered(gateway, "GET", f"/api/v1/links/{slug}/statistics", LINK_WITHIN, headers)
        said: Mapping[str, Any] = _expected(answer, 200, "The statistics cannot be read").body
        return said if said["clicks"] + said["bots"] else None

    try:
        return await until(look, STATISTICS_WITHIN)
    except TookTooLong as late:
        raise StoryFailed(f"The visit is not in the statistics after {STATISTICS_WITHIN:g} s.") from late


async def _answered(
    gateway: Gateway, method: str, path: str, within: float, headers: dict[str, str], body: Any = None
) -> Answer:
    last = Answer(0, "", None, "not asked")

    async def look() -> Answer | None:
        nonlocal last
        last = await gateway.ask(method, path, body=body, headers=headers)
        return None if last.passing else last

    try:
        return await until(look, within)
    except TookTooLong as late:
        said = f"{last.status}: {last.text.strip()[:300]}" if last.status else last.text
        raise StoryFailed(f"{method} {gateway.url}{path} was not answered in {within:g} s; last: {said}") from late


def _expected(answer: Answer, status: int, otherwise: str) -> Answer:
    if answer.status == status:
        return answer
    detail = answer.body.get("detail") if isinstance(answer.body, dict) else None
    raise StoryFailed(f"{otherwise}: {answer.status} {detail or answer.text.strip()[:300]}")
