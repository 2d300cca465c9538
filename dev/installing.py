"""Puts manifests into a cluster."""

from collections.abc import Iterable
from functools import partial
from pathlib import Path

from dev.api import Api
from dev.manifest import documents, has_condition
from dev.waiting import until


def install(api: Api, paths: Iterable[Path], seconds: float) -> None:
    """Apply manifests (files, or folders of them) and wait until objects of the CRDs among them can be made."""
    manifests = [manifest for path in paths for manifest in documents(path)]
    for manifest in manifests:
        api.apply(manifest)
    for crd in (each for each in manifests if each["kind"] == "CustomResourceDefinition"):
        path = api.path_of(crd)
        until(f"the CRD {path}", partial(_is_established, api, path), seconds)


def _is_established(api: Api, path: str) -> bool:
    return has_condition(api.get(path), "Established")
