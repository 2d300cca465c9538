"""What the programs of the image `search` read from their environment."""

import json
from typing import Any

from toprope.core.names import BESIDE
from toprope.core.resource import Resource
from toprope.kinds.searchindex.render import files
from toprope.kinds.searchindex.source import Source
from toprope.kinds.searchindex.spec import SearchIndexSpec, source_of
from toprope.serving import places
from toprope.serving.render.environment import Variable, as_app, as_owner, listed
from toprope.serving.render.secrets import FOLDER, STORE_KEYS

_STORE = dict(
    zip(
        ("AWS_ACCESS_KEY_ID_FILE", "AWS_SECRET_ACCESS_KEY_FILE"), (f"{FOLDER}/{key}" for key in STORE_KEYS), strict=True
    )
)


def web(resource: Resource, revision: str) -> list[Variable]:
    """Of `search serve`."""
    spec: SearchIndexSpec = resource.spec
    return listed(
        as_app(resource)
        | {
            "GENERATION": revision,
            "METRIC": spec.index.metric,
            "SEARCH_API_KEY_FILE": f"{FOLDER}/{places.API_KEY}",
            "SEARCH_LIVE_FILE": f"{files.LIVE_FOLDER}/{files.LIVE_KEY}",
            "LOG_LEVEL": spec.settings.log_level,
        }
    )


def migrate(resource: Resource, revision: str) -> list[Variable]:
    """Of `search migrate`."""
    level = resource.spec.settings.log_level
    return listed(as_owner(resource) | {"REVISION": revision, "MIGRATE_WAIT": "60", "LOG_LEVEL": level})


def check(resource: Resource, revision: str) -> list[dict[str, Any]]:
    """Of `search migrate --check`. What runs beside it nobody knows before its Job is made."""
    return [*migrate(resource, revision), _beside("RUNNING_REVISIONS")]


def ingest(resource: Resource, revision: str) -> list[dict[str, Any]]:
    """Of `search ingest`."""
    spec: SearchIndexSpec = resource.spec
    fields = spec.source.fields.model_dump(by_alias=True)
    said = {
        "GENERATION": revision,
        "SOURCE_ID": source_of(spec),
        "INGEST_SOURCE": _written(_source(spec.source)),
        "INGEST_FIELDS": _written(fields),
        "INGEST_INDEX": _written(spec.index.model_dump(by_alias=True)),
        "REJECTED_SHARE": str(spec.source.rejected_percent / 100),
        "EF_SEARCH": str(spec.ef_search),
        "LOG_LEVEL": spec.settings.log_level,
        **(_STORE if spec.source.object_store else {}),
    }
    return [*listed(as_owner(resource) | said), _beside("STABLE_GENERATION")]


def _source(source: Source) -> dict[str, Any]:
    if source.http:
        return {"http": source.http.model_dump(by_alias=True)}
    if source.object_store:
        return {"objectStore": source.object_store.model_dump(by_alias=True, exclude={"secret_ref"}, exclude_none=True)}
    return {"file": {"path": f"{files.SOURCE_FOLDER}/{files.path_of(source)}"}}


def _beside(name: str) -> dict[str, Any]:
    where = {"fieldRef": {"apiVersion": "v1", "fieldPath": f"metadata.annotations['{BESIDE}']"}}
    return {"name": name, "valueFrom": where}


def _written(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), sort_keys=True)
