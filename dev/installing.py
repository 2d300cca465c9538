"""Puts manifests into a cluster."""

from collections.abc import Iterable
from functools import partial
from pathlib import Path

from dev.api import Api
from dev.errors import ApiError
from dev.manifest import Document, documents
from dev.waiting import until


def install(api: Api, paths: Iterable[Path], seconds: float) -> None:
    """Apply manifests (files, or folders of them) and wait until objects of the CRDs among them can be made."""
    manifests = [manifest for path in paths for manifest in documents(path)]
    for manifest in manifests:
        api.apply(manifest)
    for crd in (each for each in manifests if each["kind"] == "CustomResourceDefinition"):
        until(f"the API of {crd['metadata']['name']}", partial(_is_served, api, crd), seconds)


def _is_served(api: Api, crd: Document) -> bool:
    group, plural = crd["spec"]["group"], crd["spec"]["names"]["plural"]
    served = (version["name"] for version in crd["spec"]["versions"] if version["served"])
    return all(serves(api, f"/apis/{group}/{version}", plural) for version in served)


def serves(api: Api, root: str, plural: str) -> bool:
    """Whether a collection is found and can be listed now.

    An established CRD says neither: discovery follows later (404), and its storage may still begin (429).
    """
    try:
        names = [each["name"] for each in api.get(root)["resources"]]
        return plural in names and bool(api.get(f"{root}/{plural}?limit=1"))
    except ApiError as error:
        if error.status in (404, 429, 503):
            return False
        raise
