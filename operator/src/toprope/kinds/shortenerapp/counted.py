"""How the requests of a ShortenerApp are counted: the one place that its SLIs come from."""

from toprope.core.names import OWNER_KIND, OWNER_NAME, label_value
from toprope.core.resource import Resource
from toprope.slo.sli import Counted

ROUTES = {"redirect": ("/{slug}",), "api": ("/api/v1/*",)}
"""Published route → its templates, as the service itself publishes them."""


def counted(resource: Resource) -> Counted:
    """Its web pods count, and before them the gateway that it stands behind."""
    marks = {OWNER_KIND: resource.ref.resource.kind, OWNER_NAME: label_value(resource.name)}
    pods = ",".join(f'{metric_label(label)}="{value}"' for label, value in marks.items())
    return Counted(resource.namespace, f'namespace="{resource.namespace}",{pods}', ROUTES)


def metric_label(label: str) -> str:
    """A pod's label as prometheus-operator writes it on the pod's series."""
    return "".join(letter if letter.isalnum() else "_" for letter in label)
