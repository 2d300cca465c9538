"""The ShortenerApp as the engine, the CRD and the RBAC see it."""

from toprope.core.names import GROUP
from toprope.core.objects import ApiResource
from toprope.kind import Kind
from toprope.kinds.shortenerapp.spec import ShortenerAppSpec
from toprope.kinds.shortenerapp.status import ShortenerAppStatus
from toprope.kinds.shortenerapp.workload import SHORTENER
from toprope.serving.decide import decide
from toprope.serving.farewell import farewell
from toprope.serving.kind import COLUMNS, TOUCHES
from toprope.serving.observe import observe
from toprope.serving.slos import dashboard, rule_sets_of

SHORTENER_APP = Kind(
    resource=ApiResource(GROUP, "v1alpha1", "shortenerapps", "ShortenerApp"),
    short="sapp",
    description="A link shortener with its database, cache, web pods and route.",
    spec=ShortenerAppSpec,
    status=ShortenerAppStatus,
    columns=COLUMNS,
    touches=TOUCHES,
    observe=observe,
    decide=decide,
    farewell=farewell,
    rule_sets=rule_sets_of,
    dashboard=dashboard,
    workload=SHORTENER,
)
