"""How a Job stands, and when a failed one is tried again.

A failed Job stays for people to look at until its next try is due: then it is deleted and made anew. The pause starts
at 10 s, doubles with each failure, and ends at 10 minutes; the count stands in the status and falls with a success.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Literal, TypeVar

from toprope.core.conditions import moment, timestamp
from toprope.core.objects import Manifest, is_being_deleted
from toprope.serving.status import Attempts
from toprope.serving.troubles import sentence

ABSENT: Literal["absent"] = "absent"
RUNNING: Literal["running"] = "running"
SUCCEEDED: Literal["succeeded"] = "succeeded"
FAILED: Literal["failed"] = "failed"
State = Literal["absent", "running", "succeeded", "failed"]

_FIRST_PAUSE = timedelta(seconds=10)
_LONGEST_PAUSE = timedelta(minutes=10)
A = TypeVar("A", bound=Attempts)


def state(job: Manifest | None) -> State:
    """How the Job stands; one that is being deleted still runs until it is gone."""
    if job is None:
        return ABSENT
    if is_being_deleted(job):
        return RUNNING
    said = {one["type"] for one in (job.get("status") or {}).get("conditions") or () if one["status"] == "True"}
    if "Complete" in said:
        return SUCCEEDED
    return FAILED if "Failed" in said else RUNNING


def is_refused(job: Manifest | None) -> bool:
    """Whether its program said that no other try can help: the only thing that one of our Jobs fails by policy for."""
    stated = ((job or {}).get("status") or {}).get("conditions") or ()
    return state(job) == FAILED and any(one.get("reason") == "PodFailurePolicy" for one in stated)


def counted(before: A, job: Manifest | None, pods: Sequence[Manifest], now: datetime) -> A:
    """`before`, with this Job's failure counted once."""
    if job is None or state(job) != FAILED or job["metadata"]["uid"] == before.failed_job:
        return before
    news: dict[str, Any] = {
        "failures": (before.failures or 0) + 1,
        "failed_at": timestamp(now),
        "failed_job": job["metadata"]["uid"],
        "message": _last_words(job, pods),
    }
    return before.model_copy(update=news)


def retry_at(attempts: Attempts) -> datetime | None:
    """When the next try is due; None when none has failed."""
    if not attempts.failed_at:
        return None
    doublings: int = min((attempts.failures or 1) - 1, 10)
    pause = min(_FIRST_PAUSE * (1 << doublings), _LONGEST_PAUSE)
    return moment(attempts.failed_at) + pause


def next_try(attempts: Attempts, job: Manifest | None) -> datetime | None:
    """When a failed Job has to make way; None while there is none: a Job that runs, or is yet to be made, rings. One
    that was refused stays."""
    return retry_at(attempts) if state(job) == FAILED and not is_refused(job) else None


def is_due(attempts: Attempts, job: Manifest | None, now: datetime) -> bool:
    """Whether a failed Job has to make way for the next try."""
    at = next_try(attempts, job)
    return at is not None and now >= at


def _last_words(job: Manifest, pods: Sequence[Manifest]) -> str:
    """What the program wrote to its termination log; what the Job says where it wrote nothing."""
    for pod in sorted(pods, key=lambda pod: str(pod["metadata"].get("creationTimestamp")), reverse=True):
        status = pod.get("status") or {}
        for container in (*(status.get("initContainerStatuses") or ()), *(status.get("containerStatuses") or ())):
            ended = (container.get("state") or {}).get("terminated") or {}
            if ended.get("exitCode") and ended.get("message"):
                return sentence(ended["message"])
    conditions = (job.get("status") or {}).get("conditions") or ()
    said = next((one.get("message") for one in conditions if one["type"] == "Failed"), None)
    return sentence(said or "the program said nothing")
