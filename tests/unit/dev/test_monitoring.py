"""What watches the local cluster, as far as it is seen without one."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from dev.build.gosets import GO_MODULES, MONITORING, OPERATOR_KINDS, PROMETHEUS_OPERATOR, STAGES
from dev.infra import filled
from dev.monitoring import ALERTMANAGER, alertmanager
from dev.places import Places
from toprope_kit.memory import BOUNDS

TAGS = {"prometheus-operator": "1", "prometheus": "2", "alertmanager": "3", "receiver": "4"}
FOUND = filled("monitoring", TAGS)
PINNED = re.compile(r"^\s*(?:require )?(\S+\.\S+/\S+) (v\S+)", re.MULTILINE)
REPLACED = re.compile(r"(\S+) => \S+ (v\S+)")


def versions(module: str) -> dict[str, str]:
    text = (GO_MODULES / module / "go.mod").read_text()
    return {**dict(PINNED.findall(text)), **dict(REPLACED.findall(text))}


def of_kind(kind: str) -> dict[str, dict[str, object]]:
    return {each["metadata"]["name"]: each for each in FOUND if each["kind"] == kind}


def test_what_kubernetes_and_the_operator_both_use_is_compiled_once() -> None:
    cluster, monitoring = versions("cluster"), versions("monitoring")
    both = cluster.keys() & monitoring.keys()
    assert {"k8s.io/client-go", "golang.org/x/net", "google.golang.org/protobuf"} <= both
    assert {name: (cluster[name], monitoring[name]) for name in both if cluster[name] != monitoring[name]} == {}
    assert {stage.scratch for stage in MONITORING} == {STAGES[0].scratch}


def test_another_patch_or_other_manifests_are_another_build() -> None:
    for stage in MONITORING:
        assert replace(stage, manifests=None, patches=()).key != stage.key


def test_the_kinds_that_are_applied_are_kept_from_the_operators_module() -> None:
    manifests = PROMETHEUS_OPERATOR.manifests
    assert manifests
    assert [Path(path).stem.partition("_")[2] for path in manifests.paths] == list(OPERATOR_KINDS)
    applied = {each["kind"].lower() for each in FOUND if each["apiVersion"] == "monitoring.coreos.com/v1"}
    assert applied == {"prometheus", "podmonitor"}
    assert {"prometheuses", "podmonitors"} <= set(OPERATOR_KINDS)


def test_every_image_has_the_tag_that_it_is_built_with() -> None:
    images = set(re.findall(r"docker\.io/toprope/\S+:\S+", yaml.safe_dump_all(FOUND)))
    assert {image.rpartition("/")[2] for image in images} == {f"{name}:{tag}" for name, tag in TAGS.items()}


@pytest.mark.parametrize(("name", "port"), [("prometheus", 9090), ("alertmanager", 9093), ("receiver", 8080)])
def test_the_services_are_called_as_others_call_them(name: str, port: int) -> None:
    service = of_kind("Service")[name]
    assert service["metadata"]["namespace"] == "monitoring"  # type: ignore[index]
    assert [each["port"] for each in service["spec"]["ports"]] == [port]  # type: ignore[index]


def test_prometheus_takes_rules_and_monitors_of_all_namespaces() -> None:
    spec = of_kind("Prometheus")["local"]["spec"]
    selectors = {name: value for name, value in spec.items() if name.endswith("Selector")}  # type: ignore[attr-defined]
    assert set(selectors) == {
        f"{what}{where}"
        for what in ("podMonitor", "serviceMonitor", "rule")
        for where in ("Selector", "NamespaceSelector")
    }
    assert all(value == {} for value in selectors.values())


def test_the_gateways_histograms_have_the_buckets_of_the_workloads() -> None:
    traefik = next(each for each in filled("all", {}) if each["kind"] == "Deployment")
    arguments = traefik["spec"]["template"]["spec"]["containers"][0]["args"]
    (buckets,) = [word.partition("=")[2] for word in arguments if word.startswith("--metrics.prometheus.buckets=")]
    assert tuple(float(bound) for bound in buckets.split(",")) == BOUNDS


def test_with_docker_alertmanager_needs_no_apt_on_the_machine(tmp_path: Path) -> None:
    image = alertmanager(Places(tmp_path / "cache", tmp_path / "state"), "kind")
    assert image.name == f"docker.io/toprope/alertmanager:{ALERTMANAGER}"
    assert "apt-get download prometheus-alertmanager" in image.dockerfile.read_text()
    fetched, taken = image.dockerfile, image.dockerfile.parents[1] / "alertmanager" / "Dockerfile"
    last = [path.read_text().splitlines()[-2:] for path in (fetched, taken)]
    assert last[0] == last[1]
    assert image.fingerprint
