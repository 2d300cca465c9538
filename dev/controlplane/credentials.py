"""All keys and certificates of one control plane, written whole or not at all."""

import shutil
from datetime import datetime
from pathlib import Path

from dev.certs import Identity, Pair, new_authority, read_authority, signing_key, write_private
from dev.kubeconfig import Login, rendered

ADMIN = Identity("toprope-admin", ("system:masters",))
CONTROLLER_MANAGER = Identity("system:kube-controller-manager")
SCHEDULER = Identity("system:kube-scheduler")
PROXY = Identity("system:kube-proxy")
KUBELET_CLIENT = Identity("kube-apiserver-kubelet-client", ("system:masters",))
AGGREGATOR = Identity("front-proxy-client")


def write_credentials(folder: Path, hosts: tuple[str, ...], now: datetime) -> None:
    """`folder`/pki for an API server that answers under `hosts`; what is there already stays."""
    if (folder / "pki").exists():
        return
    draft = folder / "pki.part"
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True, mode=0o700)
    authority, front = new_authority("toprope", now), new_authority("toprope-front-proxy", now)
    authority.pair.write(draft, "ca")
    front.pair.write(draft, "front-ca")
    authority.issue(Identity("kube-apiserver", hosts=hosts), now).write(draft, "apiserver")
    authority.issue(KUBELET_CLIENT, now).write(draft, "kubelet-client")
    front.issue(AGGREGATOR, now).write(draft, "front-client")
    private, public = signing_key()
    write_private(draft / "tokens.key", private)
    (draft / "tokens.pub").write_bytes(public)
    draft.rename(folder / "pki")  # an interrupted start leaves no half of it


def write_kubeconfig(folder: Path, name: str, server: str, identity: Identity, now: datetime) -> Path:
    """`folder`/`name`.kubeconfig for this identity, signed by the authority of `folder`; returns its path."""
    authority = read_authority(folder / "pki", "ca")
    pair: Pair = authority.issue(identity, now)
    path = folder / f"{name}.kubeconfig"
    write_private(path, rendered(Login(server, authority.pair.certificate, pair)).encode())
    return path
