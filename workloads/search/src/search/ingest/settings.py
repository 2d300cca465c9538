"""What the environment says to the programs that fill a generation; structures are JSON."""

from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator
from pydantic.alias_generators import to_camel

from search.generation import NAME, Metric, Quantization
from toprope_kit.settings import EnvSettings

Name = Annotated[str, Field(min_length=1, max_length=200)]


class _Model(BaseModel):
    model_config = ConfigDict(
        frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True, use_attribute_docstrings=True
    )


class FileSource(_Model):
    """A file of the pod: a mounted ConfigMap or PersistentVolumeClaim."""

    path: Path


class HttpSource(_Model):
    """A file that is downloaded."""

    url: Annotated[str, Field(pattern=r"^https?://", max_length=2000)]
    digest: Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")]
    """What its bytes must hash to, as they are served; another content fails the generation."""


class ObjectSource(_Model):
    """An object of an S3-compatible store; credentials come from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY."""

    uri: Annotated[str, Field(pattern=r"^s3://[^/]+/.+$", max_length=1200)]
    endpoint: Annotated[str, Field(pattern=r"^https?://", max_length=500)] | None = None
    """The store's address; left out it is Amazon's."""
    region: Annotated[str, Field(max_length=60)] = "us-east-1"


class Source(_Model):
    """Where documents come from: JSON Lines, as they are or compressed with zstd."""

    file: FileSource | None = None
    http: HttpSource | None = None
    object_store: ObjectSource | None = None

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        if sum(one is not None for one in (self.file, self.http, self.object_store)) != 1:
            raise ValueError("name exactly one of file, http and objectStore")
        return self


class FieldMapping(_Model):
    """Which members of a line are what."""

    id: Name = "id"
    title: Name | None = "title"
    text: Annotated[list[Name], Field(min_length=1, max_length=16)] = ["text"]
    """Their texts are joined in this order."""
    filters: Annotated[list[Name], Field(max_length=16)] = []
    """Members that a search may be limited by."""


class Hnsw(_Model):
    """Of the index."""

    m: Annotated[int, Field(ge=2, le=100)] = 16
    ef_construction: Annotated[int, Field(ge=4, le=1000)] = 64

    @model_validator(mode="after")
    def _as_pgvector_wants(self) -> Self:
        if self.ef_construction < 2 * self.m:
            raise ValueError(f"efConstruction must be at least 2 * m, {2 * self.m}")
        return self


class Index(_Model):
    """How the generation's index is made."""

    metric: Metric = "Cosine"
    hnsw: Hnsw = Hnsw()
    quantization: Quantization = "None"
    hybrid: bool = True


class IngestSettings(EnvSettings):
    """Of `ingest`, `refresh` and `drop`."""

    generation: Annotated[str, Field(pattern=NAME.pattern + "$", max_length=40)]
    """The generation's name: the hash of its revision."""

    source_id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]{0,99}$")]
    """Names the set of documents: the same for all generations with an equal source, another for another."""

    ingest_source: Source
    ingest_fields: FieldMapping = FieldMapping()
    ingest_index: Index = Index()

    model_dir: Path = Path("/model")
    """Folder of the bundled model."""

    app_role: Annotated[str, Field(min_length=1, max_length=63)] = "app"
    """The database role of the search pods."""

    database_wait: Annotated[float, Field(ge=0)] = 600.0
    """Seconds for which a database that is away is waited for, each time."""

    rejected_share: Annotated[float, Field(ge=0, le=1)] = 0.01
    """Lines that may be rejected, of all; more fail the generation."""

    scratch_dir: Path = Path("/tmp")  # noqa: S108 - a pod's own emptyDir
    """Where a download is kept until it is read."""

    source_max_bytes: Annotated[int, Field(ge=1)] = 50 * 2**30
    """Bytes of the source as it is served."""

    recall_objective: Annotated[float, Field(ge=0, lt=1)] = 0.9
    """What the lower confidence bound of the recall must lie above."""

    verify_queries: Annotated[int, Field(ge=500, le=10_000)] = 500

    ef_search: Annotated[int, Field(ge=1, le=1000)] = 100
    """As the search pods will use it."""

    quality_file: Path | None = None
    """Judged queries, JSON Lines: `{"query": …, "relevant": {"<id>": 1}}`."""

    quality_tolerance: Annotated[float, Field(ge=0, le=1)] = 0.01
    """By how much nDCG@10 may lie below that of the stable generation."""

    stable_generation: Annotated[str, Field(pattern=NAME.pattern + "$", max_length=40)] | None = None
    """The generation that serves; its nDCG@10 is the measure, and its vectors are taken over."""

    ops_port: Annotated[int, Field(ge=0, le=65535)] = 9090
    """Where `/progress` is answered while it works."""

    aws_access_key_id: SecretStr | None = None
    aws_secret_access_key: SecretStr | None = None
