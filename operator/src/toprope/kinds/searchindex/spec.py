"""The fields of a SearchIndex. Type, default, bound, rule and help text of each stand here and nowhere else."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, model_validator

from toprope.core.faults import Misplaced
from toprope.core.model import SpecModel, ruled
from toprope.delivery.judges import JUDGES, refuse_strangers
from toprope.delivery.revision import revision_of
from toprope.delivery.spec import RolloutSpec, Traffic
from toprope.kinds.searchindex.routes import ROUTES
from toprope.kinds.searchindex.source import Source
from toprope.serving.parts import Database, EmbeddedDatabase, Resources, SecretName
from toprope.serving.scheduling import Scheduling
from toprope.serving.spec import CARRIED, ONE_VERSION, Image, Replicas, Tag
from toprope.slo.spec import Slos


class Bundled(SpecModel):
    """A model that the image carries."""

    model: Literal["all-MiniLM-L6-v2"] = "all-MiniLM-L6-v2"
    """Its name: English, 384 numbers, 256 tokens."""


class Embedding(SpecModel):
    """What turns texts into vectors. Makes a new revision."""

    bundled: Bundled = Bundled()
    """A model that the image carries."""


class Hnsw(SpecModel):
    """The graph that searches walk along."""

    model_config = ConfigDict(
        json_schema_extra=ruled(
            ("self.efConstruction >= 2 * self.m", "efConstruction must be at least 2 * m, as pgvector asks for it")
        )
    )

    m: Annotated[int, Field(ge=2, le=100)] = 16
    """Neighbours of a document in each layer: more find more, and take more memory."""

    ef_construction: Annotated[int, Field(ge=4, le=1000)] = 64
    """Candidates that are kept while the graph is built: more find more, and build longer."""


class Index(SpecModel):
    """How documents are found. Makes a new revision."""

    metric: Literal["Cosine", "InnerProduct", "Euclidean"] = "Cosine"
    """What is near."""

    hnsw: Hnsw = Hnsw()
    """The graph that searches walk along."""

    quantization: Literal["None", "Half", "Binary"] = "None"
    """How the graph holds vectors: whole, in two bytes a number, or in a bit, compared once more with whole ones."""

    hybrid: bool = True
    """Whether words are indexed beside meanings."""


class SearchSettings(SpecModel):
    """How the service behaves. Every field makes a new revision."""

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    """Least severity that is logged."""


_OF_ROUTES = f"!has(s.latency) || !has(s.latency.route) || s.latency.route in {list(ROUTES)}"
_ROUTES = (
    f"!has(self.slos) || self.slos.all(s, {_OF_ROUTES})",
    "spec.slos[].latency.route of a SearchIndex is search or api",
)


class SearchIndexSpec(SpecModel):
    """Semantic search over documents: its release, its size, its traffic, its promises, and what it stands on."""

    model_config = ConfigDict(json_schema_extra=ruled(ONE_VERSION, CARRIED, _ROUTES, JUDGES))

    source: Source
    """Where the documents come from. Makes a new revision."""

    embedding: Embedding = Embedding()
    """What turns texts into vectors. Makes a new revision."""

    index: Index = Index()
    """How documents are found. Makes a new revision."""

    ef_search: Annotated[int, Field(ge=1, le=1000)] = 100
    """Candidates that a search keeps: more find more, and take longer. Takes effect at once."""

    recall_share: Annotated[str, Field(pattern=r"^(0|1|0\.[0-9]{1,4}|1\.0{1,4})$")] = "0.01"
    """Share of the searches that are compared with the exact answer, off their path. Takes effect at once."""

    image: Image | None = None
    """Whole name of the image that web pods and Jobs run. Default: Toprope's own of `version`. Makes a new revision."""

    version: Tag | None = None
    """Version of Toprope's own image. Left out, a revision keeps the operator's version of the day of its birth
    (`status.version`). Makes a new revision."""

    settings: SearchSettings = SearchSettings()
    """How the service behaves. Makes a new revision."""

    resources: Resources = Resources()
    """CPU and memory of a web pod. Default: 250m and 320Mi asked for, 768Mi at most. Makes a new revision."""

    scheduling: Scheduling = Scheduling()
    """Where web pods, and the Jobs of a release, may run. Makes a new revision."""

    image_pull_secrets: Annotated[
        list[SecretName],
        Field(
            max_length=8,
            json_schema_extra={"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"]},
        ),
    ] = []
    """Secrets that images are pulled with. Makes a new revision; the database uses them from its next start."""

    replicas: Replicas = Replicas()
    """Bounds of the autoscaler. Takes effect at once."""

    traffic: Traffic | None = None
    """How requests from outside reach the service. Left out: only by its Service. Takes effect at once."""

    rollout: RolloutSpec = RolloutSpec()
    """How a new release gets its requests. Takes effect at once."""

    slos: Slos = []
    """What is promised to its users. Alerts, error budgets and dashboards come from these. Takes effect at once."""

    database: Database = Database(embedded=EmbeddedDatabase())
    """Where documents and vectors live. Default: a small embedded one."""

    @model_validator(mode="after")
    def _promises_of_its_routes(self) -> "SearchIndexSpec":
        for index, slo in enumerate(self.slos):
            if slo.latency and slo.latency.route not in (None, *ROUTES):
                raise Misplaced(("slos", index, "latency", "route"), f"is none of {', '.join(ROUTES)}")
        return self

    @model_validator(mode="after")
    def _judged_by_its_own(self) -> "SearchIndexSpec":
        refuse_strangers(self.rollout, {slo.name: slo.has_now for slo in self.slos})
        return self


def source_of(spec: SearchIndexSpec) -> str:
    """Names the set of documents: the same for all generations that read the same source in the same way."""
    return revision_of({"source": spec.source})


def revision_of_spec(spec: SearchIndexSpec) -> str:
    """The revision that this spec wants: a hash of its release, the live fields left out."""
    external = spec.database.external
    return revision_of(
        {
            "source": spec.source,
            "embedding": spec.embedding,
            "index": spec.index,
            "image": spec.image,
            "version": spec.version,
            "settings": spec.settings,
            "resources": spec.resources,
            "scheduling": spec.scheduling,
            "imagePullSecrets": ",".join(secret.name for secret in spec.image_pull_secrets),
            "database": external and f"external/{external.secret_ref.name}",
        }
    )
