"""ShortenerApp specs by the hundred, from a seed: valid ones, and invalid ones with one named fault each."""

import random
from collections.abc import Callable, Mapping
from typing import Any

from tests.support import rollout_specs
from toprope.slo.promise import promise_of
from toprope.slo.spec import Slo

Spec = dict[str, Any]
Choice = random.Random

_RATIOS = [
    ('jobs_total{result="failed"}', "jobs_total"),
    ("failed_total", "done_total"),
    ('jobs_total{result!="ok",queue="a"}', 'jobs_total{queue="a"}'),
    ('jobs_total{code=~"(5..|429)"}', 'jobs_total{code=~".+"}'),
    ("jobs_total{code!~`[1-4]\\d{2}`}", "jobs_total"),
    ('jobs_total{why="no \\"cable\\", {no} \\\\ power"}', "jobs_total"),
    ('bad_total{kind!="",queue=~"a.*"}', "asked_total{queue!='b'}"),
]
"""Selectors of bad and of all events."""


def valid(seed: int) -> Spec:
    """A spec that the API server takes. The same seed gives the same spec."""
    chance = random.Random(seed)
    fields: Mapping[str, Callable[[Choice], Any]] = {
        "settings": _settings,
        "auth": lambda one: {"tenant": one.choice(["default", "shop", "a-b-c", "x" * 63])},
        "resources": _resources,
        "scheduling": _scheduling,
        "imagePullSecrets": lambda one: [{"name": name} for name in one.sample(["a", "b.c", "r" * 253], 2)],
        "replicas": _replicas,
        "traffic": _traffic,
        "database": _database,
        "cache": _cache,
        "slos": _slos,
    }
    spec = {name: field(chance) for name, field in fields.items() if chance.random() < 0.6}
    if "embedded" in spec.get("database", {"embedded": {}}) and "replicas" in spec:
        spec["replicas"]["max"] = min(spec["replicas"]["max"], 10)
    if chance.random() < 0.6:
        spec["rollout"] = rollout_specs.rollout(chance, spec.get("slos", []))
    return spec | chance.choice([{}, {"version": "1.2.3"}, {"image": "registry.example.com:5000/a/b:c"}])


def _settings(one: Choice) -> Spec:
    whole = {
        "slugLength": one.randint(4, 32),
        "reservedSlugs": one.sample(["login", "Terms", "a_b-c", "0"], one.randint(0, 4)),
        "rateLimits": {"keyPerMinute": one.randint(0, 1000), "addressPerMinute": one.choice([0, 1_000_000])},
        "trustedProxies": one.randint(0, 8),
        "clickRetentionDays": one.choice([0, 1, 3650]),
        "logLevel": one.choice(["DEBUG", "INFO", "WARNING", "ERROR"]),
        "otlpEndpoint": one.choice(["http://a:65535", "https://traces.example.com/v1", "http://10.0.0.1"]),
    }
    return _some(one, whole)


def _resources(one: Choice) -> Spec:
    small, large = one.choice([("100m", "1"), ("0.25", "1000m"), ("1", "2")])
    less, more = one.choice([("64Mi", "65Mi"), ("100M", "1Gi"), ("1024Mi", "1Gi")])
    requests = _some(one, {"cpu": small, "memory": less})
    return _some(one, {"requests": requests, "limits": _some(one, {"cpu": large, "memory": more})})


def _scheduling(one: Choice) -> Spec:
    tolerations = [
        {"operator": "Exists"},
        {"key": "spot", "value": "yes", "effect": "NoSchedule"},
        {"key": "example.com/gpu", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 0},
        {"key": "plain"},
    ]
    spreads = [
        {"topologyKey": "kubernetes.io/hostname", "maxSkew": 2},
        {"topologyKey": "topology.kubernetes.io/zone", "whenUnsatisfiable": "DoNotSchedule"},
    ]
    whole = {
        "nodeSelector": one.choice(
            [{}, {"disk": ""}, {"kubernetes.io/arch": "amd64", "Pool_1": "a.b", "a--b.c/d": "e"}]
        ),
        "tolerations": one.sample(tolerations, one.randint(0, 4)),
        "topologySpread": one.sample(spreads, one.randint(0, 2)),
    }
    return _some(one, whole)


def _replicas(one: Choice) -> Spec:
    least = one.randint(1, 5)
    return one.choice([{"min": least, "max": least}, {"min": least, "max": 1000}, {"max": least}])


def _traffic(one: Choice) -> Spec:
    gateway = {"name": "public", **_some(one, {"namespace": "infra", "sectionName": "https"})}
    names = one.sample(["s.example.com", "*.example.com", "localhost", "a" * 63 + ".example"], one.randint(0, 3))
    return {"gateway": gateway, "hostnames": names}


def _database(one: Choice) -> Spec:
    size = _some(one, {"storage": one.choice(["1Gi", "1500Mi", "10G", "2Ti"]), "storageClassName": "fast.example"})
    embedded = {**size, **_some(one, {"reclaim": one.choice(["Retain", "Delete"]), "resources": _resources(one)})}
    clustered = {**size, "instances": one.randint(1, 9)}
    external = {"secretRef": {"name": one.choice(["mine", "my.database"])}}
    return one.choice([{"embedded": embedded}, {"cloudNativePG": clustered}, {"external": external}])


def _cache(one: Choice) -> Spec:
    embedded = {"maxMemory": one.choice(["1Mi", "100M", "4Gi"])}
    return one.choice([{"embedded": {}}, {"embedded": embedded}, {"external": {"secretRef": {"name": "my-cache"}}}])


def _slos(one: Choice) -> list[Spec]:
    names = one.sample(["availability", "fast", "jobs", "x" * 40], one.randint(0, 4))
    return [{"name": name, **slo(one)} for name in names]


def slo(one: Choice) -> Spec:
    """An SLO without its name; one that has alerts has one that can fire."""
    while True:
        found = _slo(one)
        promise = promise_of(Slo.model_validate({"name": "a", **found}))
        if promise.live or not promise.severities:
            return found


def _slo(one: Choice) -> Spec:
    indicator: Spec = one.choice([
        {"availability": {}},
        {"latency": {"threshold": one.choice(["1ms", "2.5ms", "50ms", "1s", "10s"]), **_some(one, {"route": "api"})}},
        {"ratio": dict(zip(("bad", "total"), one.choice(_RATIOS), strict=True))},
    ])  # fmt: skip
    alerting = one.choice([{}, {"ticket": False}, {"page": False}, {"page": False, "ticket": False}])
    optional = {
        "window": one.choice(["7d", "10d", "15d", "28d", "30d", "40d", "90d", f"{one.randint(7, 90)}d"]),
        "alerting": {**alerting, **_some(one, {"labels": {"team": "links"}})},
        "description": "What users were promised.",
        "runbookUrl": "https://example.com/runbook",
    }
    return {"objective": _objective(one), **indicator, **_some(one, optional)}


def _objective(one: Choice) -> str:
    usual = one.choice(["90", "99", "99.5", "99.9", "99.95", "99.99", "99.999"])
    low = one.choice(["25", "50", "53.125", "66.7", "75", "83.4"])
    drawn = f"{one.uniform(40, 99.999):.{one.randint(0, 6)}f}"
    return one.choice([usual, usual, low, drawn])


def _some(one: Choice, whole: Spec) -> Spec:
    return {name: value for name, value in whole.items() if one.random() < 0.7}


_AN_SLO: Spec = {"name": "a", "objective": "99", "availability": {}}
_A_LATENCY: Spec = {"name": "a", "objective": "99"}

FAULTS: Mapping[str, tuple[str, Any]] = {
    "an unknown field": ("colour", "red"),
    "an unknown setting": ("settings.slugLenght", 7),
    "a slug too short": ("settings.slugLength", 3),
    "a slug too long": ("settings.slugLength", 33),
    "a number as text": ("settings.slugLength", "7"),
    "a fraction": ("settings.slugLength", 7.5),
    "a reserved slug with a slash": ("settings.reservedSlugs", ["a/b"]),
    "a reserved slug with a comma": ("settings.reservedSlugs", ["a,b"]),
    "too many reserved slugs": ("settings.reservedSlugs", [f"s{number}" for number in range(257)]),
    "a negative limit": ("settings.rateLimits.keyPerMinute", -1),
    "an endless limit": ("settings.rateLimits.addressPerMinute", 1_000_001),
    "a retention before today": ("settings.clickRetentionDays", -1),
    "a chain of proxies": ("settings.trustedProxies", 9),
    "a level that nobody knows": ("settings.logLevel", "LOUD"),
    "an endpoint without a scheme": ("settings.otlpEndpoint", "collector:4318"),
    "an endpoint at a port that no host has": ("settings.otlpEndpoint", "http://collector:65536"),
    "an endpoint of another scheme": ("settings.otlpEndpoint", "ftp://collector"),
    "a tenant in capitals": ("auth.tenant", "Shop"),
    "an empty tenant": ("auth.tenant", ""),
    "an image with a blank": ("image", "an image"),
    "a version with a slash": ("version", "a/b"),
    "image and version": ("", {"image": "a:b", "version": "1.2.3"}),
    "no CPU at all": ("resources.requests.cpu", "0"),
    "CPU with a unit of bytes": ("resources.requests.cpu", "1Gi"),
    "memory without a unit": ("resources.limits.memory", "128"),
    "memory in milli": ("resources.limits.memory", "128m"),
    "more CPU asked for than allowed": ("resources", {"requests": {"cpu": "2"}, "limits": {"cpu": "1500m"}}),
    "more memory asked for than allowed": ("resources", {"requests": {"memory": "1Gi"}, "limits": {"memory": "1G"}}),
    "a node label that is none": ("scheduling.nodeSelector", {"a b": "c"}),
    "a node label below no DNS name": ("scheduling.nodeSelector", {"a..b/c": "d"}),
    "a node label below half a DNS name": ("scheduling.nodeSelector", {"a-.b/c": "d"}),
    "a taint below no DNS name": ("scheduling.tolerations", [{"key": "a.-b/c"}]),
    "a node label's value that is none": ("scheduling.nodeSelector", {"a": "b c"}),
    "a toleration that equals nothing": ("scheduling.tolerations", [{"operator": "Equal", "value": "a"}]),
    "a toleration with a value too many": ("scheduling.tolerations", [{"operator": "Exists", "value": "a"}]),
    "seconds for no reason": ("scheduling.tolerations", [{"key": "a", "tolerationSeconds": 5}]),
    "an effect that nobody knows": ("scheduling.tolerations", [{"key": "a", "effect": "Never"}]),
    "a spread over nothing": ("scheduling.topologySpread", [{"maxSkew": 1}]),
    "a spread over what no node has": ("scheduling.topologySpread", [{"topologyKey": "a..b/c"}]),
    "a spread said twice": ("scheduling.topologySpread", [{"topologyKey": "a"}, {"topologyKey": "a", "maxSkew": 2}]),
    "a skew of nothing": ("scheduling.topologySpread", [{"topologyKey": "a", "maxSkew": 0}]),
    "a priority class in capitals": ("scheduling.priorityClassName", "High"),
    "a pull Secret without a name": ("imagePullSecrets", [{}]),
    "a pull Secret as text": ("imagePullSecrets", ["registry"]),
    "a pull Secret named twice": ("imagePullSecrets", [{"name": "a"}, {"name": "a"}]),
    "no replicas": ("replicas.min", 0),
    "replicas upside down": ("replicas", {"min": 5, "max": 4}),
    "more than the usual maximum": ("replicas", {"min": 4}),
    "more pods than an embedded database carries": ("", {"database": {"embedded": {}}, "replicas": {"max": 11}}),
    "traffic without a gateway": ("traffic", {"hostnames": ["a.example"]}),
    "a gateway without a name": ("traffic", {"gateway": {"namespace": "infra"}}),
    "a host name with a scheme": ("traffic", {"gateway": {"name": "a"}, "hostnames": ["https://a.example"]}),
    "too many host names": ("traffic", {"gateway": {"name": "a"}, "hostnames": [f"h{n}.example" for n in range(17)]}),
    "no database at all": ("database", {}),
    "two databases": ("database", {"embedded": {}, "external": {"secretRef": {"name": "a"}}}),
    "a database that nobody knows": ("database", {"oracle": {}}),
    "storage of nothing": ("database", {"embedded": {"storage": "0Gi"}}),
    "storage with a fraction": ("database", {"embedded": {"storage": "1.5Gi"}}),
    "a reclaim that nobody knows": ("database", {"embedded": {"reclaim": "Keep"}}),
    "a cluster without instances": ("database", {"cloudNativePG": {"instances": 0}}),
    "an external database without a Secret": ("database", {"external": {}}),
    "two caches": ("cache", {"embedded": {}, "external": {"secretRef": {"name": "a"}}}),
    "no cache at all": ("cache", {}),
    "a cache without memory": ("cache", {"embedded": {"maxMemory": "0Mi"}}),
    "an SLO that counts nothing": ("slos", [{"name": "a", "objective": "99"}]),
    "an SLO that counts twice": ("slos", [{**_AN_SLO, "latency": {"threshold": "1s"}}]),
    "an objective of everything": ("slos", [{**_AN_SLO, "objective": "100"}]),
    "an objective above everything": ("slos", [{**_AN_SLO, "objective": "250"}]),
    "an objective of nothing": ("slos", [{**_AN_SLO, "objective": "0"}]),
    "an objective as a number": ("slos", [{**_AN_SLO, "objective": 99.9}]),
    "an objective in words": ("slos", [{**_AN_SLO, "objective": "three nines"}]),
    "an SLO without an objective": ("slos", [{"name": "a", "availability": {}}]),
    "an SLO without a name": ("slos", [{"objective": "99", "availability": {}}]),
    "an SLO named twice": ("slos", [_AN_SLO, _AN_SLO]),
    "a window of hours": ("slos", [{**_AN_SLO, "window": "12h"}]),
    "a window too short": ("slos", [{**_AN_SLO, "window": "6d"}]),
    "a window too long": ("slos", [{**_AN_SLO, "window": "91d"}]),
    "a threshold that is no bucket": ("slos", [{**_A_LATENCY, "latency": {"threshold": "60ms"}}]),
    "a route that is not published": ("slos", [{**_A_LATENCY, "latency": {"threshold": "1s", "route": "ops"}}]),
    "a ratio of one side": ("slos", [{"name": "a", "objective": "99", "ratio": {"bad": "x"}}]),
    "pages that can never come": (
        "slos",
        [{**_AN_SLO, "objective": "80", "window": "30d", "alerting": {"ticket": False}}],
    ),
    "tickets that can never come": ("slos", [{**_AN_SLO, "objective": "60", "window": "90d"}]),
    "an alert that belongs to somebody else": ("slos", [{**_AN_SLO, "alerting": {"labels": {"namespace": "other"}}}]),
    "a label that is Prometheus' own": ("slos", [{**_AN_SLO, "alerting": {"labels": {"__name__": "x"}}}]),
    "a runbook without an address": ("slos", [{**_AN_SLO, "runbookUrl": "ask Bob"}]),
    "probes and steps": ("rollout", {"strategy": "BlueGreen", "steps": [{"weight": "10%"}]}),
    "chaos before its time": ("chaos", {}),
    **rollout_specs.FAULTS,
}
"""A sentence, and the field that is given a wrong value."""


def invalid(seed: int) -> tuple[str, Spec]:
    """The fault's sentence, and a valid spec with that one fault; faults take turns."""
    sentence = list(FAULTS)[seed % len(FAULTS)]
    path, value = FAULTS[sentence]
    spec = valid(seed)
    if not path:
        return sentence, spec | value
    *parents, last = path.split(".")
    place = spec
    for name in parents:
        place = place.setdefault(name, {})
    place[last] = value
    return sentence, spec
