"""What the API server has to say against each fault of `tests.support.specs`: the whole path, and the sentence."""

from collections.abc import Mapping

UNKNOWN = "unknown field"
PATTERN = "should match '^"
REQUIRED = "Required value"
TWICE = "Duplicate value: "
CHOICES = ": supported values: "
A_LABEL = "keys are names of node labels, as topology.kubernetes.io/zone"
A_TOLERATION = "operator Equal needs a key; operator Exists takes no value"
BOUNDS = "replicas.min must not be above replicas.max (default 3)"
ONE_COUNT = "exactly one of availability, latency and ratio says what is counted"
NO_BUDGET = "an objective of 100 leaves no error budget: write 99.99, or what users need"
A_WINDOW = "window is 7d to 90d: alerts of a shorter one would look at fewer than four scrapes"
NEVER = "no alert of this SLO could ever fire, even if every request failed: raise the objective, or allow tickets"

REFUSALS: Mapping[str, tuple[str, str]] = {
    "an unknown field": ("spec.colour", UNKNOWN),
    "an unknown setting": ("spec.settings.slugLenght", UNKNOWN),
    "a slug too short": ("spec.settings.slugLength", "should be greater than or equal to 4"),
    "a slug too long": ("spec.settings.slugLength", "should be less than or equal to 32"),
    "a number as text": ("spec.settings.slugLength", "must be of type integer"),
    "a fraction": ("spec.settings.slugLength", "must be of type integer"),
    "a reserved slug with a slash": ("spec.settings.reservedSlugs[0]", PATTERN),
    "a reserved slug with a comma": ("spec.settings.reservedSlugs[0]", PATTERN),
    "too many reserved slugs": ("spec.settings.reservedSlugs", "Too many: 257: must have at most 256 items"),
    "a negative limit": ("spec.settings.rateLimits.keyPerMinute", "should be greater than or equal to 0"),
    "an endless limit": ("spec.settings.rateLimits.addressPerMinute", "should be less than or equal to 1000000"),
    "a retention before today": ("spec.settings.clickRetentionDays", "should be greater than or equal to 0"),
    "a chain of proxies": ("spec.settings.trustedProxies", "should be less than or equal to 8"),
    "a level that nobody knows": ("spec.settings.logLevel", CHOICES),
    "an endpoint without a scheme": ("spec.settings.otlpEndpoint", PATTERN),
    "an endpoint at a port that no host has": ("spec.settings.otlpEndpoint", PATTERN),
    "an endpoint of another scheme": ("spec.settings.otlpEndpoint", PATTERN),
    "a tenant in capitals": ("spec.auth.tenant", PATTERN),
    "an empty tenant": ("spec.auth.tenant", PATTERN),
    "an image with a blank": ("spec.image", PATTERN),
    "a version with a slash": ("spec.version", PATTERN),
    "image and version": (
        "spec",
        "image and version exclude each other: image names the whole",
    ),
    "no CPU at all": ("spec.resources.requests.cpu", PATTERN),
    "CPU with a unit of bytes": ("spec.resources.requests.cpu", PATTERN),
    "memory without a unit": ("spec.resources.limits.memory", PATTERN),
    "memory in milli": ("spec.resources.limits.memory", PATTERN),
    "more CPU asked for than allowed": ("spec.resources", "requests.cpu must not be above limits.cpu"),
    "more memory asked for than allowed": ("spec.resources", "requests.memory must not be above limits.memory"),
    "a node label that is none": ("spec.scheduling.nodeSelector", A_LABEL),
    "a node label below no DNS name": ("spec.scheduling.nodeSelector", A_LABEL),
    "a node label below half a DNS name": ("spec.scheduling.nodeSelector", A_LABEL),
    "a taint below no DNS name": ("spec.scheduling.tolerations[0].key", PATTERN),
    "a node label's value that is none": ("spec.scheduling.nodeSelector.a", PATTERN),
    "a toleration that equals nothing": ("spec.scheduling.tolerations[0]", A_TOLERATION),
    "a toleration with a value too many": ("spec.scheduling.tolerations[0]", A_TOLERATION),
    "seconds for no reason": ("spec.scheduling.tolerations[0]", "tolerationSeconds goes with effect NoExecute only"),
    "an effect that nobody knows": (
        "spec.scheduling.tolerations[0].effect",
        CHOICES,
    ),
    "a spread over nothing": ("spec.scheduling.topologySpread[0].topologyKey", REQUIRED),
    "a spread over what no node has": ("spec.scheduling.topologySpread[0].topologyKey", PATTERN),
    "a spread said twice": ("spec.scheduling.topologySpread[1]", TWICE),
    "a skew of nothing": ("spec.scheduling.topologySpread[0].maxSkew", "should be greater than or equal to 1"),
    "a priority class in capitals": ("spec.scheduling.priorityClassName", PATTERN),
    "a pull Secret without a name": ("spec.imagePullSecrets[0].name", REQUIRED),
    "a pull Secret as text": ("spec.imagePullSecrets[0]", "must be of type object"),
    "a pull Secret named twice": ("spec.imagePullSecrets[1]", TWICE),
    "no replicas": ("spec.replicas.min", "should be greater than or equal to 1"),
    "replicas upside down": ("spec.replicas", BOUNDS),
    "more than the usual maximum": ("spec.replicas", BOUNDS),
    "more pods than an embedded database carries": (
        "spec",
        "an embedded database carries at most 10 web pods: ",
    ),
    "traffic without a gateway": ("spec.traffic.gateway", REQUIRED),
    "a gateway without a name": ("spec.traffic.gateway.name", REQUIRED),
    "a host name with a scheme": ("spec.traffic.hostnames[0]", PATTERN),
    "too many host names": ("spec.traffic.hostnames", "Too many: 17: must have at most 16 items"),
    "no database at all": ("spec.database", "exactly one of embedded, cloudNativePG, external is needed"),
    "two databases": ("spec.database", "exactly one of embedded, cloudNativePG, external is needed"),
    "a database that nobody knows": ("spec.database.oracle", UNKNOWN),
    "storage of nothing": ("spec.database.embedded.storage", PATTERN),
    "storage with a fraction": ("spec.database.embedded.storage", PATTERN),
    "a reclaim that nobody knows": ("spec.database.embedded.reclaim", CHOICES),
    "a cluster without instances": ("spec.database.cloudNativePG.instances", "should be greater than or equal to 1"),
    "an external database without a Secret": ("spec.database.external.secretRef", REQUIRED),
    "two caches": ("spec.cache", "exactly one of embedded, external is needed"),
    "no cache at all": ("spec.cache", "exactly one of embedded, external is needed"),
    "a cache without memory": ("spec.cache.embedded.maxMemory", PATTERN),
    "an SLO that counts nothing": ("spec.slos[0]", ONE_COUNT),
    "an SLO that counts twice": ("spec.slos[0]", ONE_COUNT),
    "an objective of everything": ("spec.slos[0].objective", NO_BUDGET),
    "an objective above everything": ("spec.slos[0].objective", NO_BUDGET),
    "an objective of nothing": (
        "spec.slos[0].objective",
        "an objective of 0 asks for nothing: ",
    ),
    "an objective as a number": ("spec.slos[0].objective", "must be of type string"),
    "an objective in words": ("spec.slos[0].objective", "Too long: may not be more than 10 bytes"),
    "an SLO without an objective": ("spec.slos[0].objective", REQUIRED),
    "an SLO without a name": ("spec.slos[0].name", REQUIRED),
    "an SLO named twice": ("spec.slos[1]", TWICE),
    "a window of hours": ("spec.slos[0].window", A_WINDOW),
    "a window too short": ("spec.slos[0].window", A_WINDOW),
    "a window too long": ("spec.slos[0].window", A_WINDOW),
    "a threshold that is no bucket": (
        "spec.slos[0].latency.threshold",
        CHOICES,
    ),
    "a route that is not published": ("spec", "spec.slos[].latency.route of a ShortenerApp is redirect or api"),
    "a ratio of one side": ("spec.slos[0].ratio.total", REQUIRED),
    "pages that can never come": ("spec.slos[0]", NEVER),
    "tickets that can never come": ("spec.slos[0]", NEVER),
    "an alert that belongs to somebody else": (
        "spec.slos[0].alerting.labels",
        "labels that say whose alert it is cannot be set: ",
    ),
    "a label that is Prometheus' own": ("spec.slos[0].alerting.labels", "labels are called as Prometheus allows it: "),
    "a runbook without an address": ("spec.slos[0].runbookUrl", PATTERN),
    "probes and steps": ("spec.rollout", "strategy BlueGreen has no steps: "),
    "chaos before its time": ("spec.chaos", UNKNOWN),
}
"""By the fault's own sentence."""
