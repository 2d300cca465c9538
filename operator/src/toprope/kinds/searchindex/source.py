"""Where the documents of a SearchIndex come from, and which members of a line are what."""

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import ConfigDict, Field

from toprope.core.model import DnsName, SpecModel, ruled
from toprope.serving.parts import SecretName

Member = Annotated[str, Field(min_length=1, max_length=200)]
FileName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]+$", max_length=253)]
_INSIDE = ("!self.split('/').exists(part, part == '..')", "path must stay in the volume: without ..")
Path = Annotated[
    str, Field(pattern=r"^[A-Za-z0-9_.-][A-Za-z0-9_./ -]*$", max_length=1024, json_schema_extra=ruled(_INSIDE))
]
Url = Annotated[str, Field(pattern=r"^https?://[^\s]+$", max_length=2000)]
Digest = Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")]


class ConfigMapSource(SpecModel):
    """A key of a ConfigMap in the resource's namespace."""

    name: DnsName
    """Name of the ConfigMap."""

    key: FileName
    """Key that holds the documents."""


class ClaimSource(SpecModel):
    """A file of a PersistentVolumeClaim in the resource's namespace. It is only read."""

    name: DnsName
    """Name of the claim."""

    path: Path
    """Path of the file in the volume."""


class HttpSource(SpecModel):
    """A file that is downloaded."""

    url: Url
    """Its address. A redirect to another origin must lead to public addresses."""

    digest: Digest
    """What its bytes must hash to, as they are served: another content fails the generation."""


class ObjectStoreSource(SpecModel):
    """An object of an S3-compatible store."""

    uri: Annotated[str, Field(pattern=r"^s3://[^/]+/.+$", max_length=1200)]
    """The object, as `s3://bucket/key`."""

    endpoint: Url | None = None
    """The store's address. Left out: Amazon's."""

    region: Annotated[str, Field(pattern=r"^[a-z0-9-]+$", max_length=60)] = "us-east-1"
    """The store's region."""

    secret_ref: SecretName
    """Secret with the keys `access-key-id` and `secret-access-key`."""


class FieldMapping(SpecModel):
    """Which members of a line are what."""

    id: Member = "id"
    """Member that names a document; text, never a number."""

    title: Member = "title"
    """Member that holds its title; it need not be there."""

    text: Annotated[list[Member], Field(min_length=1, max_length=16)] = ["text"]
    """Members that hold its text, joined in this order."""

    filters: Annotated[list[Member], Field(max_length=16)] = []
    """Members that a search may be limited by."""


def exactly_one(*names: str) -> tuple[str, str]:
    """The rule that just one of these fields is given."""
    told = ", ".join(f"has(self.{name})" for name in names)
    return f"[{told}].exists_one(told, told)", f"exactly one of {', '.join(names)} is needed"


class Source(SpecModel):
    """JSON Lines, as they are or compressed with zstd, from exactly one place. Makes a new revision."""

    model_config = ConfigDict(
        json_schema_extra=ruled(exactly_one("configMap", "persistentVolumeClaim", "http", "objectStore"))
    )

    config_map: ConfigMapSource | None = None
    """A key of a ConfigMap."""

    persistent_volume_claim: ClaimSource | None = None
    """A file of a claim."""

    http: HttpSource | None = None
    """A file that is downloaded."""

    object_store: ObjectStoreSource | None = None
    """An object of an S3-compatible store."""

    fields: FieldMapping = FieldMapping()
    """Which members of a line are what."""

    rejected_percent: Annotated[int, Field(ge=0, le=100)] = 1
    """Percent of the lines that may be rejected; more fail the generation."""


def called(source: Source) -> list[int]:
    """The port that is called for the documents; empty where they are files."""
    address = source.http.url if source.http else ""
    if source.object_store:
        address = source.object_store.endpoint or "https://s3.amazonaws.com"
    if not address:
        return []
    url = urlsplit(address)
    return [url.port or (443 if url.scheme == "https" else 80)]
