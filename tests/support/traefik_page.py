"""A page of metrics as Traefik 3.7 answers it, with the backends of one route in it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

BUCKETS = ("0.1", "0.3", "1", "1.2", "5", "+Inf")
HASH = "0f9b2c4d6e8a01234567"


def backend(service: str, rule: int = 0, route: str = "links-web-bq2xkd", namespace: str = "shop") -> str:
    """How Traefik names a backend of a rule."""
    before = f"httproute-{namespace}-{route}-gw-infra-public-ep-web"
    return f"{before}-{rule}-{HASH}-svc-{namespace}-{service}-0@kubernetesgateway"


@dataclass(slots=True)
class Traefik:
    """What one process has counted."""

    born: float = 1.7e9
    requests: dict[tuple[str, str], int] = field(default_factory=dict)
    """By backend and code."""
    hasty: dict[str, int] = field(default_factory=dict)
    """By backend: clients that gave up within a second."""
    buckets: tuple[str, ...] = BUCKETS

    def count(self, service: str, number: int, code: str = "200", hasty: int = 0) -> None:
        """That many more requests of this backend; of them so many given up within a second."""
        self.requests[service, code] = self.requests.get((service, code), 0) + number
        self.hasty[service] = self.hasty.get(service, 0) + hasty

    @property
    def text(self) -> str:
        """The page."""
        return "\n".join(
            [
                "# HELP process_start_time_seconds Start time of the process since unix epoch in seconds.",
                "# TYPE process_start_time_seconds gauge",
                f"process_start_time_seconds {self.born:.12g}",
                "# HELP traefik_config_reloads_total Config reloads",
                "# TYPE traefik_config_reloads_total counter",
                "traefik_config_reloads_total 3",
                *self._took(),
                *self._requests(),
                "# HELP traefik_service_requests_bytes_total The total size of requests in bytes handled by a service.",
                "# TYPE traefik_service_requests_bytes_total counter",
                *(f"traefik_service_requests_bytes_total{labels} 4096" for labels in map(_labels, self.requests)),
                "",
            ]
        )

    def _requests(self) -> list[str]:
        if not self.requests:
            return []
        return [
            "# HELP traefik_service_requests_total How many HTTP requests processed on a service.",
            "# TYPE traefik_service_requests_total counter",
            *(f"traefik_service_requests_total{_labels(of)} {n:.12g}" for of, n in self.requests.items()),
        ]

    def _took(self) -> list[str]:
        if not self.requests:
            return []
        name = "traefik_service_request_duration_seconds"
        lines = [f"# HELP {name} How long it took to process the request.", f"# TYPE {name} histogram"]
        for of, number in self.requests.items():
            lines += [f"{name}_bucket{_labels(of, le=le)} {self._within(of, le, number)}" for le in self.buckets]
            lines += [f"{name}_sum{_labels(of)} {number * 0.004}", f"{name}_count{_labels(of)} {number}"]
        return lines

    def _within(self, of: tuple[str, str], le: str, number: int) -> int:
        if of[1] != "499" or le == "+Inf":
            return number
        return self.hasty[of[0]] if float(le) <= 1 else number


def _labels(of: tuple[str, str], **more: str) -> str:
    labels: Mapping[str, str] = {"code": of[1], "method": "GET", "protocol": "http", "service": of[0]} | more
    return "{" + ",".join(f'{name}="{value}"' for name, value in sorted(labels.items())) + "}"
