"""The generation of each revision, in words that a person reads."""

from toprope.core.resource import Resource
from toprope.kinds.searchindex.render.jobs import INGEST
from toprope.kinds.searchindex.status import GenerationStatus
from toprope.serving.reasons import Fact, Reason
from toprope.serving.status import PreparationStatus
from toprope.serving.workload import Preparing


def _purpose(name: str, revision: str, is_there: bool) -> str:
    does = "fills and proves" if is_there else "is to fill and prove"
    return f"Job {name} {does} generation {revision}."


def _refused(resource: Resource, told: PreparationStatus, name: str) -> Fact:
    return Fact(
        Reason.GENERATION_REFUSED,
        f'Generation {told.revision} cannot serve: "{told.message}" (kubectl -n {resource.namespace} logs job/{name}). '
        "What serves is untouched. Change what it names; or, where the cause lies outside the spec, delete Job "
        f"{name}, and it is tried again.",
    )


def _failed(resource: Resource, told: PreparationStatus, name: str, again: str) -> Fact:
    return Fact(
        Reason.GENERATION_FAILED,
        f'Filling generation {told.revision} has failed {told.failures} times, last with "{told.message}" '
        f"(kubectl -n {resource.namespace} logs job/{name} --all-containers). {again} It goes on where it was; what "
        "serves is untouched.",
    )


GENERATIONS = Preparing(
    component=INGEST,
    field="generations",
    entry=GenerationStatus,
    running=Reason.GENERATION_FILLS,
    is_long=True,
    purpose=_purpose,
    failed=_failed,
    refused=_refused,
)
