"""Where Prometheus finds the web pods, and which of their labels it keeps on the series."""

from typing import Any

from toprope.core.names import OWNER_KIND, OWNER_NAME, REVISION
from toprope.core.objects import POD_MONITOR
from toprope.core.resource import Resource
from toprope.serving import places


def pod_monitor(resource: Resource) -> dict[str, Any]:
    """The PodMonitor of all revisions."""
    return {
        "apiVersion": POD_MONITOR.api_version,
        "kind": POD_MONITOR.kind,
        "metadata": places.metadata(resource, places.WEB),
        "spec": {
            "selector": {"matchLabels": places.selector(resource, places.WEB)},
            "podTargetLabels": [OWNER_KIND, OWNER_NAME, REVISION],
            "podMetricsEndpoints": [{"port": "ops", "path": "/metrics", "interval": "15s", "scrapeTimeout": "5s"}],
        },
    }
