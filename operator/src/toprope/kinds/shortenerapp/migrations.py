"""The migration of the database before each revision, in words that a person reads.

Job: check ──► migrate ──Complete──► web pods
       └─Refused──► the migration never began, and what runs is untouched
"""

from toprope.core.resource import Resource
from toprope.kinds.shortenerapp.render.jobs import CHECK, MIGRATE
from toprope.kinds.shortenerapp.status import MigrationStatus
from toprope.serving.reasons import Fact, Reason
from toprope.serving.status import PreparationStatus
from toprope.serving.workload import Preparing


def _purpose(name: str, revision: str, is_there: bool) -> str:
    does = "brings" if is_there else "is to bring"
    return f"Job {name} {does} the database to revision {revision}."


def _refused(resource: Resource, told: PreparationStatus, name: str) -> Fact:
    return Fact(
        Reason.MIGRATION_REFUSED,
        f'The database stays as it is: the check of revision {told.revision} says "{told.message}" '
        f"(kubectl -n {resource.namespace} logs job/{name} -c {CHECK} prints the DDL). A running release is untouched. "
        f"The check is made again when another revision serves, or Job {name} is deleted.",
    )


def _failed(resource: Resource, told: PreparationStatus, name: str, again: str) -> Fact:
    return Fact(
        Reason.MIGRATION_FAILED,
        f'The migration of revision {told.revision} has failed {told.failures} times, last with "{told.message}" '
        f"(kubectl -n {resource.namespace} logs job/{name} --all-containers). {again} A running release is untouched.",
    )


MIGRATIONS = Preparing(
    component=MIGRATE,
    field="migrations",
    entry=MigrationStatus,
    running=Reason.MIGRATION_RUNNING,
    is_long=False,
    purpose=_purpose,
    failed=_failed,
    refused=_refused,
)
