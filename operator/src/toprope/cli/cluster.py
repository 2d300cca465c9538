"""How commands reach the cluster: the kubeconfig's current context, as `kubectl` would."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from toprope.cli.say import fail
from toprope.core.errors import Refused, TopropeError
from toprope.core.objects import ApiResource, Manifest, Ref
from toprope.io.api import APPLY, MERGE, Api, Request
from toprope.io.credentials import CredentialsError, connection
from toprope.io.translation import Missing
from toprope.kind import Kind

FIELD_MANAGER = "toprope-cli"
_STRICT = {"fieldManager": FIELD_MANAGER, "force": "true", "fieldValidation": "Strict"}


def _uncounted(verb: str, code: str) -> None:
    """A command's own requests are nobody's metrics."""


class CommandCluster:
    """The few requests that commands make. Errors are those of `core.errors`."""

    def __init__(self, api: Api) -> None:
        self._api = api

    async def read(self, ref: Ref) -> Manifest | None:
        """The object; None when there is none, or no such API."""
        try:
            found: Manifest = await self._api.call(Request("GET", ref, ref.path))
        except Missing:
            return None
        return found

    async def apply(self, ref: Ref, manifest: Mapping[str, Any]) -> Manifest:
        """Server-side apply of somebody's manifest: fields of others are taken over, unknown ones are refused."""
        live: Manifest = await self._api.call(Request("PATCH", ref, ref.path, _STRICT, manifest, APPLY))
        return live

    async def tried(self, ref: Ref, manifest: Mapping[str, Any]) -> None:
        """The same as a dry run: what would be refused is, and nothing is stored."""
        await self._api.call(Request("PATCH", ref, ref.path, {**_STRICT, "dryRun": "All"}, manifest, APPLY))

    async def annotate(self, ref: Ref, changes: Mapping[str, str | None]) -> Manifest:
        """Writes these annotations and no others; None takes one away. Refused where there is no such object."""
        body = {"metadata": {"annotations": dict(changes)}}
        live: Manifest = await self._api.call(
            Request("PATCH", ref, ref.path, {"fieldManager": FIELD_MANAGER}, body, MERGE)
        )
        return live

    async def named(self, kinds: Iterable[Kind], namespace: str, name: str) -> Sequence[tuple[Kind, Manifest]]:
        """The resources of that name, of whatever kind. Who may not look at one kind is told so only where there is
        none of another."""
        found, refusals = [], []
        for kind in kinds:
            try:
                live = await self.read(Ref(kind.resource, namespace, name))
            except Refused as refusal:
                refusals.append(refusal)
            else:
                found += [(kind, live)] if live is not None else []
        if refusals and not found:
            raise refusals[0]
        return found

    async def list(self, resource: ApiResource, namespace: str, params: Mapping[str, str]) -> Sequence[Manifest]:
        """Objects of a namespace, as the API server selects them."""
        where = Ref(resource, namespace, "*")
        items: Sequence[Manifest] = (await self._api.call(Request("GET", where, resource.path(namespace), params)))[
            "items"
        ]
        return items


@asynccontextmanager
async def cluster() -> AsyncIterator[CommandCluster]:
    """The cluster of this moment's kubeconfig."""
    async with Api(connection(), _uncounted) as api:
        yield CommandCluster(api)


@asynccontextmanager
async def reached() -> AsyncIterator[CommandCluster]:
    """The same; what goes wrong there ends the command with a sentence."""
    try:
        async with cluster() as there:
            yield there
    except (CredentialsError, TopropeError) as failure:
        fail(str(failure))
