"""What the cluster offers beside Kubernetes itself: names, storage, a gateway, measurements.

The manifests are in `dev/manifests`: `all/` is for every driver, `<driver>/` for one. In them `$NAME` stands
for the version of an image.
"""

import http.client
from collections.abc import Mapping
from string import Template

import yaml

from dev.api import Api, Document
from dev.manifest import has_condition
from dev.places import CHECKOUT

MANIFESTS = CHECKOUT / "dev" / "manifests"
GATEWAY = "/apis/gateway.networking.k8s.io/v1/namespaces/infra/gateways/public"
GATEWAY_ADDRESS = ("127.0.0.1", 8080)


def filled(folder: str, versions: Mapping[str, str]) -> list[Document]:
    """The manifests of one folder with their versions filled in, in the order of their files."""
    found: list[Document] = []
    for path in sorted((MANIFESTS / folder).glob("*.yaml")):
        text = Template(path.read_text()).safe_substitute(
            {name.replace("-", "_"): tag for name, tag in versions.items()}
        )
        found += [document for document in yaml.safe_load_all(text) if document]
    return found


def apply_manifests(api: Api, folder: str, versions: Mapping[str, str]) -> None:
    """Apply all manifests of one folder."""
    for manifest in filled(folder, versions):
        api.apply(manifest)


def gateway_answers() -> bool:
    """True when a gateway answers this machine's requests, whatever it says."""
    connection = http.client.HTTPConnection(*GATEWAY_ADDRESS, timeout=2)
    try:
        connection.request("GET", "/")
        connection.getresponse().read()
    except (http.client.HTTPException, OSError):
        return False
    finally:
        connection.close()
    return True


def gateway_programmed(api: Api) -> bool:
    """True when the Gateway `public` carries routes."""
    gateway = api.find(GATEWAY)
    return gateway is not None and has_condition(gateway, "Programmed")


def rolled_out(api: Api, namespace: str, name: str, plural: str = "deployments") -> bool:
    """True when the newest generation of a Deployment or a StatefulSet is available, and no pod of an older one."""
    found = api.find(f"/apis/apps/v1/namespaces/{namespace}/{plural}/{name}") or {}
    status = found.get("status", {})
    newest = status.get("observedGeneration") == found.get("metadata", {}).get("generation")
    return bool(newest and status.get("availableReplicas") and status.get("updatedReplicas") == status.get("replicas"))
