"""What changes at once: a file that running pods look at."""

import json
from typing import Any

from toprope.core.resource import Resource
from toprope.kinds.searchindex.render.files import LIVE, LIVE_KEY
from toprope.serving import places


def live(resource: Resource) -> dict[str, Any]:
    """The ConfigMap."""
    said = {"efSearch": resource.spec.ef_search, "recallShare": float(resource.spec.recall_share)}
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": places.metadata(resource, LIVE),
        "data": {LIVE_KEY: json.dumps(said, sort_keys=True)},
    }
