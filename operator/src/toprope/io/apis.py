"""Which optional APIs the cluster has. Their CRDs are somebody else's and may come at any time."""

import asyncio
import logging
from collections.abc import Collection

from toprope.core.errors import TopropeError
from toprope.core.objects import ApiResource, Ref
from toprope.io.api import Api, Request
from toprope.io.translation import Missing

LOOK_AGAIN = 60.0

log = logging.getLogger(__name__)


async def present(api: Api, resources: Collection[ApiResource]) -> set[ApiResource]:
    """Those of `resources` that the API server serves now."""
    answer = await api.call(Request("GET", _about("groups"), "/apis"))
    served = {version["groupVersion"] for group in answer["groups"] for version in group["versions"]}
    candidates = [resource for resource in resources if resource.api_version in served]
    return {resource for resource in candidates if await _serves(api, resource)}


async def appeared(api: Api, absent: Collection[ApiResource], every: float = LOOK_AGAIN) -> ApiResource:
    """Returns once one of `absent` is there; looks `every` so many seconds."""
    while True:
        await asyncio.sleep(every)
        try:
            if found := await present(api, absent):
                return found.pop()
        except TopropeError as error:
            log.warning("could not ask which APIs there are: %s", error)


async def _serves(api: Api, resource: ApiResource) -> bool:
    # A group may be there without this plural: an older or a partial installation of its CRDs.
    try:
        answer = await api.call(Request("GET", _about(resource.api_version), f"/apis/{resource.api_version}"))
    except Missing:
        return False
    return any(one["name"] == resource.plural for one in answer["resources"])


def _about(what: str) -> Ref:
    return Ref(ApiResource("", "v1", "", "APIs"), "*", what)
