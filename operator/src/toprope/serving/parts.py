"""What a resource stands on: a database and, where its kind has one, a cache; each ours or somebody else's."""

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from toprope.core.model import DnsName, SpecModel, ruled

Cpu = Annotated[str, Field(pattern=r"^([1-9][0-9]{0,5}m?|[0-9]{1,3}\.[0-9]{0,2}[1-9])$", max_length=8)]
"""Cores: `100m`, `2`, `0.5`."""

Bytes = Annotated[str, Field(pattern=r"^[1-9][0-9]{0,6}(Mi|Gi|Ti|M|G|T)$", max_length=9)]
"""An amount of bytes: `128Mi`, `1Gi`."""


def _not_above(field: str) -> tuple[str, str]:
    told = " || ".join(f"!has(self.{place})" for place in ("requests", "limits"))
    told += " || " + " || ".join(f"!has(self.{place}.{field})" for place in ("requests", "limits"))
    return (
        f"{told} || quantity(self.requests.{field}).compareTo(quantity(self.limits.{field})) <= 0",
        f"requests.{field} must not be above limits.{field}",
    )


class Amounts(SpecModel):
    """CPU and memory."""

    cpu: Cpu | None = None
    """Cores, as `100m` or `2`."""

    memory: Bytes | None = None
    """Bytes, as `128Mi` or `1Gi`."""


class Resources(SpecModel):
    """CPU and memory of one container."""

    model_config = ConfigDict(json_schema_extra=ruled(_not_above("cpu"), _not_above("memory")))

    requests: Amounts | None = None
    """What a node must have free. What is left out is small and never above the limit."""

    limits: Amounts | None = None
    """What a container never gets more of. Memory left out is small and never below the request; CPU left out is not
    limited."""


class SecretName(SpecModel):
    """A Secret of yours in the resource's namespace."""

    name: DnsName
    """Name of the Secret. Another name makes a new revision; another content does not, it takes effect when the pods
    read it next."""


_GROWS = (
    "quantity(self).compareTo(quantity(oldSelf)) >= 0",
    "storage can only grow: a volume is never made smaller; to shrink it, move the data to a new resource",
)
Storage = Annotated[Bytes, Field(json_schema_extra=ruled(_GROWS))]
_SAME_CLASS = (
    (
        "has(self.storageClassName) == has(oldSelf.storageClassName) && "
        "(!has(self.storageClassName) || self.storageClassName == oldSelf.storageClassName)"
    ),
    "storageClassName is fixed at birth: a volume cannot change its class; move the data to a new resource",
)
_FIXED_CLASS = ConfigDict(json_schema_extra=ruled(_SAME_CLASS))


class EmbeddedDatabase(SpecModel):
    """One Postgres 18 pod with one volume, run by Toprope: for development and small loads."""

    model_config = _FIXED_CLASS

    storage: Storage = "1Gi"
    """Size of the volume. It can only grow, and does so at once where the StorageClass allows it."""

    storage_class_name: DnsName | None = None
    """StorageClass of the volume, fixed at birth. Default: the cluster's own default."""

    reclaim: Literal["Retain", "Delete"] = "Retain"
    """What happens to the volume and its credentials when the resource is deleted. Retain: both stay, and serve again
    when a resource of the same kind and name comes back. Delete: both are deleted. Takes effect at once."""

    resources: Resources = Resources()
    """CPU and memory of the database. Default: 100m and 128Mi asked for, 512Mi at most. A change restarts the
    database, not the web pods."""


class CloudNativePGDatabase(SpecModel):
    """A Postgres cluster run by the operator CloudNativePG, which must be installed. It outlives the resource."""

    model_config = _FIXED_CLASS

    instances: Annotated[int, Field(ge=1, le=9)] = 2
    """Postgres pods: one primary, the rest replicas. Takes effect at once."""

    storage: Storage = "1Gi"
    """Size of each instance's volume. It can only grow, and does so at once where the StorageClass allows it."""

    storage_class_name: DnsName | None = None
    """StorageClass of the volumes, fixed at birth. Default: the cluster's own default."""


class ExternalDatabase(SpecModel):
    """A Postgres 15 or newer that you run."""

    secret_ref: SecretName
    """Secret with the keys `owner-uri` (owner of the database: migrations) and `app-uri` (role `app`: the web pods),
    each as `postgresql://user:password@host:5432/database`."""


def _exactly_one(*names: str) -> tuple[str, str]:
    told = ", ".join(f"has(self.{name})" for name in names)
    return f"[{told}].exists_one(told, told)", f"exactly one of {', '.join(names)} is needed"


_SAME_DATABASE = (
    " && ".join(f"has(self.{one}) == has(oldSelf.{one})" for one in ("embedded", "cloudNativePG", "external")),
    (
        "the choice of a database is fixed: to move, create a second resource with the new database, copy "
        "the data with pg_dump and pg_restore, then move the host name and delete the first"
    ),
)


class Database(SpecModel):
    """Where the data lives: exactly one of the fields. The choice is fixed; the sizes are not."""

    model_config = ConfigDict(
        json_schema_extra=ruled(_exactly_one("embedded", "cloudNativePG", "external"), _SAME_DATABASE)
    )

    embedded: EmbeddedDatabase | None = None
    """One Postgres pod with one volume, run by Toprope."""

    cloud_native_pg: Annotated[CloudNativePGDatabase | None, Field(alias="cloudNativePG")] = None
    """A Postgres cluster run by CloudNativePG."""

    external: ExternalDatabase | None = None
    """A Postgres that you run."""


class EmbeddedCache(SpecModel):
    """One pod with a Redis-compatible cache, run by Toprope. It holds nothing that cannot be lost."""

    max_memory: Bytes = "32Mi"
    """Memory for cached links; the least recently used go first. A change restarts the cache: redirects go on."""


class ExternalCache(SpecModel):
    """A Redis-compatible server that you run."""

    secret_ref: SecretName
    """Secret with the key `uri`, as `redis://user:password@host:6379/0` (`rediss://` for TLS)."""


class Cache(SpecModel):
    """What takes load off the database: exactly one of the fields. Another choice makes a new revision."""

    model_config = ConfigDict(json_schema_extra=ruled(_exactly_one("embedded", "external")))

    embedded: EmbeddedCache | None = None
    """One cache pod, run by Toprope."""

    external: ExternalCache | None = None
    """A Redis that you run."""


_NO_CACHE = Cache()


def cache_of(spec: Any) -> Cache:
    """The cache part of a kind's spec; one without any choice where the kind has none."""
    found: Cache = getattr(spec, "cache", _NO_CACHE)
    return found
