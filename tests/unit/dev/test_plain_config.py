import json
import re
from pathlib import Path

import pytest
import yaml

from dev.controlplane import arguments
from dev.drivers import kind
from dev.drivers.plain import cgroups, config
from dev.drivers.plain.house import GATEWAY_NODE_PORT, House, house
from dev.infra import filled
from dev.places import places

HOUSE = House(Path("/state/node"), Path("/cache/store"))
PLANE = arguments.ControlPlane(lambda name: Path("/bin") / name, 6443, advertise="10.89.0.1")


def test_containerd_writes_only_below_our_folders_and_what_the_node_covers() -> None:
    text = config.containerd(HOUSE, "/usr/sbin/runc", Path("/cache/cni"))
    paths = re.findall(r'"(/[^"]+)"', text)
    assert all(path.startswith(("/state/", "/cache/", "/run/", "/usr/sbin/runc")) for path in paths)
    assert "restrict_oom_score_adj = true" in text
    assert "SystemdCgroup = false" in text


def test_kubelet_writes_only_below_our_folders() -> None:
    settings = yaml.safe_load(config.kubelet(HOUSE))
    command = config.kubelet_command(Path("/bin/kubelet"), HOUSE)
    assert settings["failCgroupV1"] is False
    assert settings["cgroupRoot"] == "/toprope"
    assert {settings[name].startswith("/state/node/") for name in ("podLogsDir", "volumePluginDir", "resolvConf")} == {
        True
    }
    assert "--root-dir=/state/node/kubelet" in command


def test_kubelet_may_not_change_the_machines_kernel() -> None:
    assert yaml.safe_load(config.kubelet(HOUSE))["protectKernelDefaults"] is True


def test_cni_addresses_are_forgotten_with_the_node() -> None:
    plugins = json.loads(config.cni(HOUSE))["plugins"]
    assert [plugin["type"] for plugin in plugins] == ["bridge", "portmap"]
    assert plugins[0]["ipam"]["dataDir"].startswith("/run/")


def test_etcd_opens_no_port() -> None:
    listening = [word for word in arguments.etcd(PLANE) if word.startswith("--listen")]
    assert listening
    assert all("=unix://" in word for word in listening)


def test_a_floor_has_no_kubelet_to_speak_to_and_a_node_has() -> None:
    floor = arguments.ControlPlane(PLANE.binaries, 21000, durable=False, left_out=("job-controller",))
    assert "--endpoint-reconciler-type=none" in arguments.apiserver(floor)
    assert "--unsafe-no-fsync" in arguments.etcd(floor)
    assert "--controllers=*,-job-controller" in arguments.controller_manager(floor)
    assert "--advertise-address=10.89.0.1" in arguments.apiserver(PLANE)
    assert "--unsafe-no-fsync" not in arguments.etcd(PLANE)


def test_kind_maps_the_gateway_to_the_loopback_address_only() -> None:
    node = yaml.safe_load(kind.configuration())["nodes"][0]
    mapping = {"containerPort": GATEWAY_NODE_PORT, "hostPort": 8080, "listenAddress": "127.0.0.1"}
    assert node["extraPortMappings"] == [mapping]


def test_state_and_cache_follow_the_users_environment() -> None:
    known = places({"HOME": "/home/me", "XDG_STATE_HOME": "/s"})
    assert house(known) == House(Path("/s/toprope/node"), Path("/home/me/.cache/toprope/node-store"))


@pytest.mark.parametrize("folder", ["all", "plain", "later"])
def test_every_pod_of_the_infrastructure_is_locked_down_and_asks_for_little(folder: str) -> None:
    for manifest in filled(folder, {"coredns": "1", "traefik": "1", "metrics-server": "1"}):
        if manifest["kind"] == "Deployment":
            pod = manifest["spec"]["template"]["spec"]
            container = pod["containers"][0]
            assert pod["securityContext"]["runAsNonRoot"] is True
            assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
            assert container["securityContext"]["readOnlyRootFilesystem"] is True
            assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
            assert int(container["resources"]["requests"]["cpu"].removesuffix("m")) <= 50
            assert container["image"].endswith(":1")


def test_cgroups_are_made_in_every_hierarchy_with_an_inherited_cpuset(tmp_path: Path) -> None:
    for name in ("cpu", "cpuset"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "cgroup.procs").touch()
    (tmp_path / "cpu,cpuacct").symlink_to("cpu")
    assert cgroups.hierarchies(tmp_path) == [tmp_path / "cpu", tmp_path / "cpuset"]
    (tmp_path / "cgroup.controllers").touch()
    assert cgroups.hierarchies(tmp_path) == [tmp_path]


def test_cgroups_go_from_the_leaves_up(tmp_path: Path) -> None:
    (tmp_path / "toprope" / "burstable" / "pod1").mkdir(parents=True)
    assert cgroups.removed(tmp_path / "toprope")
    assert cgroups.removed(tmp_path / "toprope")
