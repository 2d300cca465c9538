"""Events: one for each transition of a condition and one for each Tell. The name says what it tells of, so that a
repeated pass posts the same Event again, which the API server takes as one.
"""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

from toprope.core.conditions import timestamp, transitions
from toprope.core.decision import Tell
from toprope.core.errors import Refused, Transient
from toprope.core.names import FIELD_MANAGER, label_value, short_hash
from toprope.core.objects import Manifest
from toprope.core.resource import Resource
from toprope.ports import Cluster

log = logging.getLogger(__name__)

LONGEST = 1024
REMEMBERED = 5000

RECONCILED = "Reconciled"
PROGRESSING = "Progressing"


class Told:
    """Posts Events, and remembers the latest ones, so that a quiet pass does not ask the API server."""

    def __init__(self) -> None:
        self._names: OrderedDict[tuple[str, str], None] = OrderedDict()

    async def tell(self, cluster: Cluster, events: Iterable[Manifest]) -> None:
        """Posts those that were not posted lately. An Event that the API server does not take is lost: what it tells
        of stands in the status too, and must not be kept from it, nor may a deletion wait for it.
        """
        fresh = {_key(event): event for event in events if _key(event) not in self._names}
        results = await asyncio.gather(*(_post(cluster, event) for event in fresh.values()), return_exceptions=True)
        self._names.update((key, None) for key, result in zip(fresh, results, strict=True) if result is True)
        for result in results:
            if isinstance(result, BaseException):
                raise result
        while len(self._names) > REMEMBERED:
            self._names.popitem(last=False)


def _key(event: Manifest) -> tuple[str, str]:
    return event["metadata"]["namespace"], event["metadata"]["name"]


async def _post(cluster: Cluster, event: Manifest) -> bool:
    """Whether there is no use in posting it again: one that meets a hiccup may be told again by a later pass."""
    try:
        await cluster.post_event(event)
    except (Refused, Transient) as error:
        log.warning("an Event was lost: %s", error)
        return isinstance(error, Refused)
    return True


def told(resource: Resource, tells: Iterable[Tell], now: datetime) -> list[Manifest]:
    """The Events of a decision's Tells: the same words about the same object are one Event, or the same `once`."""
    return [
        _event(resource, tell.reason, tell.message, tell.type, f"{resource.uid}/{tell.reason}/{_once(tell)}", now)
        for tell in tells
    ]


def _once(tell: Tell) -> str:
    return f"once/{tell.once}" if tell.once else tell.message


def turned(
    resource: Resource,
    before: Sequence[Mapping[str, Any]],
    after: Sequence[Mapping[str, Any]],
    now: datetime,
    calm: Collection[str] = (),
) -> list[Manifest]:
    """The Events of what changed between two sets of conditions: a truth that turned, a trouble that is new. Those of
    the types in `calm` are no trouble now.

    Steps on a good way (another reason, the same truth) and the first words about a new resource are in its status;
    as Events they would be noise, and half of all writes.
    """
    known = {condition["type"]: condition["status"] for condition in before}
    progressing = any(one["type"] == PROGRESSING and one["status"] == "True" for one in after)
    return [
        _event(
            resource,
            condition["reason"],
            f"{condition['type']}: {condition['message']}",
            kind,
            # The version that was decided on: a repeat after a kill is the same Event, a later transition is not.
            f"{resource.uid}/{resource.resource_version}/{condition['type']}/{condition['reason']}",
            now,
        )
        for condition in transitions(before, after)
        if (kind := _type(condition, progressing, calm)) == "Warning"
        or known.get(condition["type"], condition["status"]) != condition["status"]
    ]


def _type(condition: Mapping[str, Any], progressing: bool, calm: Collection[str]) -> Literal["Normal", "Warning"]:
    bad = condition["status"] == "False" and condition["type"] not in (PROGRESSING, *calm)
    return "Warning" if bad and (not progressing or condition["type"] == RECONCILED) else "Normal"


def _event(resource: Resource, reason: str, message: str, kind: str, identity: str, now: datetime) -> Manifest:
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {
            "name": f"{label_value(resource.name)}.{short_hash(identity, 16)}",
            "namespace": resource.namespace,
        },
        "involvedObject": {
            "apiVersion": resource.ref.resource.api_version,
            "kind": resource.ref.resource.kind,
            "name": resource.name,
            "namespace": resource.namespace,
            "uid": resource.uid,
        },
        "reason": reason,
        "message": message if len(message) <= LONGEST else f"{message[: LONGEST - 1]}…",
        "type": kind,
        "source": {"component": FIELD_MANAGER},
        "reportingComponent": FIELD_MANAGER,
        "firstTimestamp": timestamp(now),
        "lastTimestamp": timestamp(now),
        "count": 1,
    }
