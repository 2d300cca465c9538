"""A real node without Docker: control plane, kubelet, kube-proxy and containerd in namespaces of their own.

The node is to this machine what a container is: its own process ids, mounts and network. So the machine's
containerd, Docker, CNI, iptables and routes are never seen, let alone touched, and when the node's first
process ends, the kernel itself takes every process, mount, link and rule of the node with it: there is
nothing to clean up one by one, however it came to its end. Only cgroups are left, and those carry our name.

     this machine                    │ the node (pid, mount, network and uts namespace)
                                     │
     dev up ── opens 127.0.0.1:8080 ─┼─► init ─┬─ etcd, kube-apiserver, controller-manager, scheduler
               and the API's port    │         ├─ containerd ── pods
                                     │         ├─ kubelet, kube-proxy, volume provisioner
     curl ───► 127.0.0.1:8080 ───────┼────────►└─ forward ──► the gateway's NodePort
"""

from dev.drivers.plain.driver import Plain

__all__ = ["Plain"]
