"""The SearchIndex as the engine, the CRD and the RBAC see it."""

from toprope.core.names import GROUP
from toprope.core.objects import ApiResource
from toprope.kind import Kind
from toprope.kinds.searchindex.spec import SearchIndexSpec
from toprope.kinds.searchindex.status import SearchIndexStatus
from toprope.kinds.searchindex.workload import SEARCH
from toprope.serving.decide import decide
from toprope.serving.farewell import farewell
from toprope.serving.kind import COLUMNS, TOUCHES
from toprope.serving.observe import observe
from toprope.serving.slos import dashboard, rule_sets_of

SEARCH_INDEX = Kind(
    resource=ApiResource(GROUP, "v1alpha1", "searchindices", "SearchIndex"),
    short="sidx",
    description="Semantic search over documents, with its database, its generations, web pods and route.",
    spec=SearchIndexSpec,
    status=SearchIndexStatus,
    columns=COLUMNS,
    touches=TOUCHES,
    observe=observe,
    decide=decide,
    farewell=farewell,
    rule_sets=rule_sets_of,
    dashboard=dashboard,
    workload=SEARCH,
)
