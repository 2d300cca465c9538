"""The operator's settings, from the environment only."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from toprope import __version__
from toprope.core.resource import Installation
from toprope.io.apis import LOOK_AGAIN
from toprope.io.watch import LIST_AGAIN


class Settings(BaseSettings):
    """Each field is the variable TOPROPE_<NAME>."""

    model_config = SettingsConfigDict(env_prefix="TOPROPE_", frozen=True, use_attribute_docstrings=True)

    image_prefix: str = "docker.io/toprope"
    """`<prefix>/<workload>:<version>` is a workload's image."""
    namespaces: Annotated[tuple[str, ...], NoDecode] = ()
    """The namespaces that are watched, separated by commas. Empty: the whole cluster."""
    namespace: str = "toprope-system"
    """Where the operator runs."""
    monitoring_namespace: str = "monitoring"
    """Where Prometheus runs."""
    gateway_namespaces: Annotated[tuple[str, ...], NoDecode] = ()
    """Namespaces, separated by commas, from which gateways reach pods besides the one that their Gateway is in: many
    controllers run them in their own."""
    runbooks: Annotated[str, Field(pattern=r"^https?://")] = "https://toprope.dev/runbooks"
    """Address of the folder that holds a page for each alert; alerts link to it. Nobody serves the default: serve
    docs/runbooks yourself and say where, or the links lead nowhere."""
    ops_host: str = "::"
    """Address of the ops port. `::` is every address, of both families where there is IPv6."""
    ops_port: Annotated[int, Field(ge=0, le=65535)] = 9090
    """Port of /healthz, /readyz and /metrics; 0 takes a free one."""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    """What is logged."""
    longest_pass: Annotated[float, Field(gt=0)] = 180.0
    """Seconds after which an unfinished pass makes /healthz fail."""
    list_again: Annotated[float, Field(gt=0)] = LIST_AGAIN
    """Seconds between two whole lists of everything that is watched: they make good what a watch has lost."""
    look_for_apis: Annotated[float, Field(gt=0)] = LOOK_AGAIN
    """Seconds between two looks for the optional APIs that the cluster lacks."""
    prometheus_url: Annotated[str, Field(pattern=r"^(https?://\S+)?$")] = ""
    """Where Prometheus answers, as `http://prometheus.monitoring:9090`. Empty: none, and no SLO is known."""
    prometheus_token_file: Path | None = None
    """A file with the bearer token for it, read anew for each request."""
    prometheus_ca_file: Path | None = None
    """A file with the certificates that its own is checked against. None: the machine's."""
    gateway_metrics: Annotated[str, Field(pattern=r"^(https?://\S+)?$")] = ""
    """Where the gateway's pods answer Traefik's page of metrics, as `http://traefik-metrics.infra:9100/metrics`: each
    address behind the name is asked, so it is that of a headless Service. Empty: pods alone count what happens now."""
    kubeconfig: Path | None = None
    """A kubeconfig to use instead of the pod's service account."""

    @field_validator("namespaces", "gateway_namespaces", mode="before")
    @classmethod
    def _separated(cls, text: object) -> object:
        return tuple(part.strip() for part in text.split(",") if part.strip()) if isinstance(text, str) else text

    @property
    def installation(self) -> Installation:
        """What renderings need to know of the operator."""
        return Installation(
            version=__version__,
            image_prefix=self.image_prefix,
            namespace=self.namespace,
            monitoring_namespace=self.monitoring_namespace,
            runbooks=self.runbooks.rstrip("/"),
            gateway_namespaces=self.gateway_namespaces,
        )
