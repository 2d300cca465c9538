"""How the requests of a resource are counted: the one place that its SLIs come from."""

import re

from toprope.core.names import OWNER_KIND, OWNER_NAME, label_value
from toprope.core.resource import Resource
from toprope.delivery.spec import Traffic
from toprope.serving import places
from toprope.serving.workload import workload_of
from toprope.slo.sli import Counted


def counted(resource: Resource) -> Counted:
    """Its web pods count, and before them the gateway that it stands behind."""
    marks = {OWNER_KIND: resource.ref.resource.kind, OWNER_NAME: label_value(resource.name)}
    pods = ",".join(f'{metric_label(label)}="{value}"' for label, value in marks.items())
    mine, routes = f'namespace="{resource.namespace}",{pods}', workload_of(resource).routes
    if resource.spec.traffic is None:
        return Counted(resource.namespace, mine, routes, monitoring=resource.installation.monitoring_namespace)
    before = _router(resource, resource.spec.traffic)
    return Counted(
        resource.namespace,
        mine,
        routes,
        gateway=f'router=~"{before}-ep-[^@]+-0-[0-9a-f]{{20}}@kubernetesgateway"',
        router=f'router="{before}-ep-web-0-0123456789abcdef0123@kubernetesgateway"',
        monitoring=resource.installation.monitoring_namespace,
    )


def _router(resource: Resource, traffic: Traffic) -> str:
    """How Traefik begins the names of the route's routers: the same over releases, and nobody else's, for the route's
    name says whose it is. The hash at their end cannot be known: it is over the listener's host name and entry point.
    """
    gateway = traffic.gateway
    place = f"gw-{gateway.namespace or resource.namespace}-{gateway.name}"
    whole = f"httproute-{resource.namespace}-{places.route_name(resource)}-{place}"
    # Traefik writes whatever lies between letters and digits as one hyphen.
    return "-".join(re.findall("[a-z0-9]+", whole))


def metric_label(label: str) -> str:
    """A pod's label as prometheus-operator writes it on the pod's series."""
    return "".join(letter if letter.isalnum() else "_" for letter in label)
