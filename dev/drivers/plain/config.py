"""The files that containerd, CNI and kubelet read, and the command lines beside them: pure."""

import json
from pathlib import Path
from typing import Any

import yaml

from dev.drivers.plain.house import ADDRESS, CGROUP, CONTAINERD, DNS, NODE, POD_RANGE, House

PAUSE_IMAGE = "docker.io/toprope/pause:1"


def containerd(house: House, runc: str, cni: Path) -> str:
    """containerd's config.toml. Paths are absolute because containerd wants them so."""
    return f"""version = 2
root = "{house.store}/containerd"
state = "/run/containerd"
oom_score = 0
disabled_plugins = [
  "io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.devmapper",
  "io.containerd.snapshotter.v1.zfs", "io.containerd.tracing.processor.v1.otlp", "io.containerd.internal.v1.tracing",
]
[grpc]
  address = "{CONTAINERD}"
[plugins."io.containerd.internal.v1.opt"]
  path = "{house.store}/opt"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{PAUSE_IMAGE}"
  # Without CAP_SYS_RESOURCE a negative oom_score_adj is refused and no pod would start.
  restrict_oom_score_adj = true
  netns_mounts_under_state_dir = true
  disable_hugetlb_controller = true
  # Loading a profile would change the whole machine's kernel.
  disable_apparmor = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "{cni}"
    conf_dir = "{house.root}/cni"
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "overlayfs"
    default_runtime_name = "runc"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
        BinaryName = "{runc}"
        SystemdCgroup = false
"""


def cni(house: House) -> str:
    """One bridge, addresses from one range, host ports mapped."""
    bridge = {
        "type": "bridge",
        "bridge": "cni0",
        "isGateway": True,
        "ipMasq": True,
        "hairpinMode": True,
        "ipam": {
            "type": "host-local",
            "dataDir": "/run/cni-addresses",  # forgotten with the node, as the pods are
            "ranges": [[{"subnet": POD_RANGE}]],
            "routes": [{"dst": "0.0.0.0/0"}],
        },
    }
    plugins = [bridge, {"type": "portmap", "capabilities": {"portMappings": True}}]
    return json.dumps({"cniVersion": "0.4.0", "name": "toprope", "plugins": plugins}, indent=2)


def kubelet(house: House) -> str:
    """KubeletConfiguration."""
    settings: dict[str, Any] = {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "containerRuntimeEndpoint": f"unix://{CONTAINERD}",
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": True},
            "x509": {"clientCAFile": "pki/ca.crt"},
        },
        "authorization": {"mode": "Webhook"},
        "tlsCertFile": "pki/kubelet.crt",
        "tlsPrivateKeyFile": "pki/kubelet.key",
        "clusterDomain": "cluster.local",
        "clusterDNS": [DNS],
        "resolvConf": str(house.root / "resolv.conf"),
        "podLogsDir": str(house.root / "pod-logs"),
        "volumePluginDir": str(house.root / "volume-plugins"),
        "failSwapOn": False,
        "failCgroupV1": False,
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": f"/{CGROUP}",
        # The kernel is the whole machine's: what kubelet wants of it is shown to it by `init.py`. Should a later one
        # want more, it says so and does not start, where it would otherwise write.
        "protectKernelDefaults": True,
        "enableControllerAttachDetach": True,
        "evictionHard": {"memory.available": "100Mi", "nodefs.available": "1%", "imagefs.available": "1%"},
        "imageGCHighThresholdPercent": 100,  # an image that was collected could not be pulled again
        "serializeImagePulls": False,
        "maxPods": 200,
        # Nothing else is on this node: what holds a start back for the sake of others only makes it slow.
        "kubeAPIQPS": 200,
        "kubeAPIBurst": 400,
        "eventRecordQPS": 100,
        "registryPullQPS": 0,
        # A changed ConfigMap, such as Prometheus's rules, is in its pods that soon; usual is a minute or more.
        "syncFrequency": "10s",
    }
    return yaml.safe_dump(settings, sort_keys=False)


def kubelet_command(binary: Path, house: House) -> list[str]:
    """kubelet, registering itself."""
    return [
        str(binary),
        "--config=kubelet.yaml",
        "--kubeconfig=kubelet.kubeconfig",
        f"--hostname-override={NODE}",
        f"--node-ip={ADDRESS}",
        f"--root-dir={house.root}/kubelet",
        f"--cert-dir={house.root}/pki",
    ]


def proxy_command(binary: Path) -> list[str]:
    """kube-proxy by iptables, in the node's own network."""
    return [
        str(binary),
        "--kubeconfig=kube-proxy.kubeconfig",
        f"--hostname-override={NODE}",
        "--proxy-mode=iptables",
        "--cluster-cidr=10.244.0.0/16",
        f"--nodeport-addresses={ADDRESS}/32",
        # These limits belong to the whole machine, not to the node.
        "--conntrack-max-per-core=0",
        "--conntrack-tcp-timeout-established=0s",
        "--conntrack-tcp-timeout-close-wait=0s",
        "--iptables-min-sync-period=200ms",
    ]
