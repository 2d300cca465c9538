"""The account of all pods of a resource: without a token, it can do nothing in the cluster.

It carries the image pull Secrets too, so that database and cache, which are not rendered anew with a release, get
them at their next start.
"""

from typing import Any

from toprope.core.resource import Resource
from toprope.serving import places


def service_account(resource: Resource) -> dict[str, Any]:
    """The ServiceAccount."""
    secrets = [{"name": secret.name} for secret in resource.spec.image_pull_secrets]
    return {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": places.metadata(resource, places.WEB),
        "automountServiceAccountToken": False,
        **({"imagePullSecrets": secrets} if secrets else {}),
    }
