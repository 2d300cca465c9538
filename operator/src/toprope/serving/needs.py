"""What a revision stands on besides its database, read from what was rendered at its birth.

The spec says what the newest revision stands on. One that was born under an earlier spec may still serve, and needs
what that one said for as long as it lives.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from toprope.core.objects import Manifest
from toprope.serving.render.environment import OWN_CACHE, TRACES
from toprope.serving.render.secrets import CACHE_URI_FILE, DATABASE_URI_FILE, STORE_KEYS

_NAMED_IN = {
    DATABASE_URI_FILE: "spec.database.external",
    CACHE_URI_FILE: "spec.cache.external",
    **dict.fromkeys(STORE_KEYS, "an objectStore"),
}
"""The file that a key becomes, and the field that names its Secret."""


@dataclass(frozen=True, slots=True)
class UserSecret:
    """A Secret of the user's."""

    name: str
    field: str
    """The part of the spec that names it."""
    keys: Sequence[str]


@dataclass(frozen=True, slots=True)
class Needs:
    """What one revision, or several together, cannot do without."""

    own_cache: bool = False
    """Whether the cache that Toprope runs is used."""
    other_cache: bool = False
    """Whether a cache is used that somebody else runs."""
    traces: Sequence[str] = ()
    """The endpoints that get traces."""
    secrets: Sequence[UserSecret] = ()


def needs_of(*rendered: Manifest) -> Needs:
    """The needs of Deployments and Jobs."""
    pods = [one["spec"]["template"]["spec"] for one in rendered]
    variables = {one["name"]: one.get("value") for pod in pods for one in _environment(pod)}
    secrets: dict[tuple[str, str], list[str]] = {}
    for pod in pods:
        for name, key, file in _files(pod):
            if file in _NAMED_IN:
                secrets.setdefault((name, _NAMED_IN[file]), []).append(key)
    endpoint = variables.get(TRACES)
    found = tuple(UserSecret(name, field, keys) for (name, field), keys in secrets.items())
    return Needs(
        own_cache=OWN_CACHE in variables,
        other_cache=any(one.field == _NAMED_IN[CACHE_URI_FILE] for one in found),
        traces=(endpoint,) if endpoint else (),
        secrets=found,
    )


def together(needs: Iterable[Needs]) -> Needs:
    """What all of them need."""
    every = list(needs)
    return Needs(
        own_cache=any(one.own_cache for one in every),
        other_cache=any(one.other_cache for one in every),
        traces=tuple(dict.fromkeys(endpoint for one in every for endpoint in one.traces)),
        secrets=tuple(secret for one in every for secret in one.secrets),
    )


def _environment(pod: Manifest) -> Iterator[dict[str, Any]]:
    for container in pod["containers"]:
        yield from container.get("env") or ()


def _files(pod: Manifest) -> Iterator[tuple[str, str, str]]:
    """Each key of a Secret that becomes a file: the Secret, the key, the file."""
    for volume in pod.get("volumes") or ():
        for source in (volume.get("projected") or {}).get("sources") or ():
            secret = source.get("secret") or {}
            for item in secret.get("items") or ():
                yield secret["name"], item["key"], item["path"]
