"""A kubeconfig with everything inside it, so that it can be handed on as one file."""

import base64
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from dev.certs import Pair

CLUSTER = "toprope"


@dataclass(frozen=True, slots=True)
class Login:
    """Where an API server is, what to trust and who one is."""

    server: str
    authority: bytes
    """PEM."""
    pair: Pair


def rendered(login: Login) -> str:
    """The file's text."""
    pair = login.pair
    user = {"client-certificate-data": encoded(pair.certificate), "client-key-data": encoded(pair.key)}
    cluster = {"server": login.server, "certificate-authority-data": encoded(login.authority)}
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": CLUSTER, "cluster": cluster}],
        "users": [{"name": CLUSTER, "user": user}],
        "contexts": [{"name": CLUSTER, "context": {"cluster": CLUSTER, "user": CLUSTER}}],
        "current-context": CLUSTER,
    }
    return yaml.safe_dump(document, sort_keys=False)


def read(path: Path) -> Login:
    """The login of a kubeconfig's current context, when it stands inside the file."""
    document = yaml.safe_load(path.read_text())
    context = named(document["contexts"], document["current-context"])["context"]
    cluster = named(document["clusters"], context["cluster"])["cluster"]
    user = named(document["users"], context["user"])["user"]
    pair = Pair(decoded(user["client-certificate-data"]), decoded(user["client-key-data"]))
    return Login(cluster["server"], decoded(cluster["certificate-authority-data"]), pair)


def named(entries: list[dict[str, Any]], name: str) -> dict[str, dict[str, str]]:
    """The entry of that name."""
    return next(entry for entry in entries if entry["name"] == name)


def encoded(content: bytes) -> str:
    """As kubeconfig wants it."""
    return base64.b64encode(content).decode()


def decoded(text: str) -> bytes:
    """Back again."""
    return base64.b64decode(text)
