"""How to reach the API server: from the pod's own service account, or from a kubeconfig (development and tests)."""

import base64
import os
import ssl
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")


class CredentialsError(Exception):
    """The API server's address or our credentials could not be read; the text says what is missing."""


@dataclass(frozen=True, slots=True)
class Connection:
    """The API server's address and our credentials. Texts of keys and certificates are PEM."""

    server: str
    authority: str | None = None
    certificate: str | None = None
    key: str | None = field(default=None, repr=False)
    token: str | None = field(default=None, repr=False)
    token_file: Path | None = None
    """Read anew for each request: the kubelet replaces a service account's token every hour."""

    def bearer(self) -> str | None:
        """The token of this moment; None where a client certificate (or nothing) speaks for us."""
        return self.token_file.read_text().strip() if self.token_file else self.token

    def tls(self) -> ssl.SSLContext | bool:
        """What aiohttp wants for `ssl`; a plain-HTTP server needs none."""
        if self.server.startswith("http://"):
            return False
        context = ssl.create_default_context(cadata=self.authority)
        if self.certificate and self.key:
            self._load_certificate(context)
        return context

    def _load_certificate(self, context: ssl.SSLContext) -> None:
        # The ssl module reads certificates from files only; these live for the moment of reading.
        with ExitStack() as stack:
            files = [stack.enter_context(tempfile.NamedTemporaryFile("w")) for _ in range(2)]
            for file, text in zip(files, (self.certificate, self.key), strict=True):
                file.write(text or "")
                file.flush()
            context.load_cert_chain(files[0].name, files[1].name)


def connection(kubeconfig: Path | None = None) -> Connection:
    """The given kubeconfig; else the pod's service account; else `$KUBECONFIG` or `~/.kube/config`."""
    host = os.environ.get("KUBERNETES_SERVICE_HOST")
    if kubeconfig is None and host and (SERVICE_ACCOUNT / "token").exists():
        return _in_cluster(host, os.environ.get("KUBERNETES_SERVICE_PORT", "443"))
    path = kubeconfig or Path(os.environ.get("KUBECONFIG") or Path.home() / ".kube" / "config")
    if not path.is_file():
        raise CredentialsError(
            f"No API server to talk to: this is no pod, and the kubeconfig {path} does not exist (set KUBECONFIG)."
        )
    return from_kubeconfig(path)


def _in_cluster(host: str, port: str) -> Connection:
    address = f"[{host}]" if ":" in host else host
    return Connection(
        server=f"https://{address}:{port}",
        authority=(SERVICE_ACCOUNT / "ca.crt").read_text(),
        token_file=SERVICE_ACCOUNT / "token",
    )


def from_kubeconfig(path: Path) -> Connection:
    """The current context of a kubeconfig, with a client certificate or a token. Plug-in log-ins are refused."""
    config = yaml.safe_load(path.read_text())
    context = _named(config, "context", config.get("current-context"))
    cluster = _named(config, "cluster", context["cluster"])
    user = _named(config, "user", context["user"]) if context.get("user") else {}
    if "exec" in user or "auth-provider" in user:
        raise CredentialsError(
            f"{path}: user {context['user']!r} logs in by a plug-in; use a client certificate or a token."
        )
    return Connection(
        server=cluster["server"].rstrip("/"),
        authority=_pem(path, cluster, "certificate-authority"),
        certificate=_pem(path, user, "client-certificate"),
        key=_pem(path, user, "client-key"),
        token=user.get("token"),
        token_file=Path(user["tokenFile"]) if "tokenFile" in user else None,
    )


def _named(config: Mapping[str, Any], word: str, name: str | None) -> Mapping[str, Any]:
    for entry in config.get(f"{word}s") or ():
        if entry["name"] == name:
            found: Mapping[str, Any] = entry[word]
            return found
    raise CredentialsError(f"The kubeconfig has no {word} named {name!r}.")


def _pem(path: Path, entry: Mapping[str, Any], field: str) -> str | None:
    if inline := entry.get(f"{field}-data"):
        return base64.b64decode(inline).decode()
    return (path.parent / entry[field]).read_text() if field in entry else None
