"""Speaks to an API server with the standard library alone.

Enough for what the local cluster itself needs (apply, read, watch); the operator has its own client.
"""

import http.client
import json
import ssl
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from dev.errors import ApiError
from dev.kubeconfig import Login, read

Document = dict[str, Any]
APPLY = "application/apply-patch+yaml"
JSON = "application/json"
MERGE = "application/merge-patch+json"
FIELD_MANAGER = "toprope-dev"
TIMEOUT = 15.0
BROKEN = (http.client.HTTPException, OSError)


class Api:
    """One API server, one identity; may be used from several threads."""

    def __init__(self, login: Login, timeout: float = TIMEOUT) -> None:
        address = urlsplit(login.server)
        self.host, self.port = address.hostname or "127.0.0.1", address.port or 443
        self.timeout = timeout
        self.trust = trust(login)
        self.own = threading.local()
        self.opened: list[http.client.HTTPSConnection] = []
        self.plurals: dict[tuple[str, str], tuple[str, bool]] = {}

    @classmethod
    def of(cls, kubeconfig: Path, timeout: float = TIMEOUT) -> "Api":
        """The server and identity that a kubeconfig names."""
        return cls(read(kubeconfig), timeout)

    def get(self, path: str) -> Document:
        """The object or list at this path; ApiError with status 404 when there is none."""
        return self.request("GET", path)

    def find(self, path: str) -> Document | None:
        """Like `get`, but None when there is none."""
        try:
            return self.get(path)
        except ApiError as error:
            if error.status == 404:
                return None
            raise

    def patch(self, path: str, body: Document) -> Document:
        """A JSON merge patch."""
        return self.request("PATCH", path, body, MERGE)

    def apply(self, manifest: Document) -> Document:
        """Server-side apply of a whole object, ours by force."""
        query = urlencode({"fieldManager": FIELD_MANAGER, "force": "true"})
        return self.request("PATCH", f"{self.path_of(manifest)}?{query}", manifest, APPLY)

    def request(self, method: str, path: str, body: Document | None = None, content_type: str = JSON) -> Document:
        """One call; a connection that was cut while idle is tried once more."""
        payload = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": content_type} if payload else {}
        try:
            status, answer = self.exchange(method, path, payload, headers)
        except BROKEN:
            self.forget()
            try:
                status, answer = self.exchange(method, path, payload, headers)
            except BROKEN as error:
                self.forget()
                raise ApiError(0, f"no answer to {method} {path}: {error}") from error
        if status >= 400:
            raise ApiError(status, message_of(answer))
        return parsed(answer)

    def exchange(self, method: str, path: str, payload: bytes | None, headers: dict[str, str]) -> tuple[int, bytes]:
        """Send and read on this thread's connection."""
        connection = self.connection()
        connection.request(method, path, payload, headers)
        response = connection.getresponse()
        return response.status, response.read()

    def connection(self) -> http.client.HTTPSConnection:
        """This thread's connection; opened on first use."""
        if getattr(self.own, "connection", None) is None:
            self.own.connection = self.connect(self.timeout)
            self.opened.append(self.own.connection)
        kept: http.client.HTTPSConnection = self.own.connection
        return kept

    def connect(self, timeout: float) -> http.client.HTTPSConnection:
        """A connection of its own; the caller closes it."""
        return http.client.HTTPSConnection(self.host, self.port, timeout=timeout, context=self.trust)

    def forget(self) -> None:
        """Drop this thread's connection; the next call opens another."""
        if getattr(self.own, "connection", None) is not None:
            self.own.connection.close()
            self.opened.remove(self.own.connection)
            self.own.connection = None

    def close(self) -> None:
        """Drop the connections of all threads; nobody may be using them."""
        for connection in self.opened:
            connection.close()

    def watch(self, path: str, version: str, seconds: int = 300) -> Iterator[Document]:
        """Events after `version` until the server or the line ends them; ApiError 410: list again."""
        query = urlencode({"watch": "1", "resourceVersion": version, "timeoutSeconds": seconds})
        connection = self.connect(seconds + TIMEOUT)
        try:
            connection.request("GET", f"{path}?{query}")
            response = connection.getresponse()
            if response.status >= 400:
                raise ApiError(response.status, message_of(response.read()))
            while line := response.readline():
                yield json.loads(line)
        except BROKEN as error:
            raise ApiError(0, f"the watch of {path} was cut: {error}") from error
        finally:
            connection.close()

    def path_of(self, manifest: Document) -> str:
        """Where an object lives, by its apiVersion, kind, namespace and name."""
        version, kind, meta = manifest["apiVersion"], manifest["kind"], manifest["metadata"]
        plural, namespaced = self.plural(version, kind)
        root = f"/api/{version}" if "/" not in version else f"/apis/{version}"
        scope = f"/namespaces/{meta.get('namespace', 'default')}" if namespaced else ""
        return f"{root}{scope}/{plural}/{meta['name']}"

    def plural(self, version: str, kind: str) -> tuple[str, bool]:
        """The plural of a kind and whether it is namespaced; asked once."""
        if (version, kind) not in self.plurals:
            root = f"/api/{version}" if "/" not in version else f"/apis/{version}"
            for resource in self.get(root)["resources"]:
                if "/" not in resource["name"]:
                    self.plurals[version, resource["kind"]] = (resource["name"], resource["namespaced"])
        if (version, kind) not in self.plurals:
            raise ApiError(404, f"{version} knows no kind {kind}")
        return self.plurals[version, kind]


def trust(login: Login) -> ssl.SSLContext:
    """Trusts the cluster's authority only and shows the login's certificate."""
    context = ssl.create_default_context(cadata=login.authority.decode())
    # The ssl module loads client pairs from files alone.
    with tempfile.NamedTemporaryFile() as file:
        file.write(login.pair.certificate + b"\n" + login.pair.key)
        file.flush()
        context.load_cert_chain(file.name)
    return context


def parsed(answer: bytes) -> Document:
    """JSON as it is; plain text, such as `ok`, under the key `text`."""
    try:
        document: Document = json.loads(answer)
    except ValueError:
        return {"text": answer.decode(errors="replace")}
    return document


def message_of(answer: bytes) -> str:
    """The sentence of a Status object, or the start of whatever else came back."""
    document = parsed(answer)
    return str(document.get("message") or document.get("text") or "")[:500]
