"""Gives each claim of the class `local` a folder of the node.

Run as `python -m dev.drivers.plain.provisioner <kubeconfig> <folder>`.

Level-triggered: whenever a claim or volume changes, all of them are looked at and what is missing is done.
"""

import shutil
import sys
import time
from pathlib import Path
from typing import Any

from dev.api import JSON, Api
from dev.drivers.plain.house import NODE
from dev.errors import ApiError

Document = dict[str, Any]
CLASS = "local"
PROVISIONER = "toprope.dev/local"
CLAIMS = "/api/v1/persistentvolumeclaims"
VOLUMES = "/api/v1/persistentvolumes"
PAUSE = 0.5


def volume(claim: Document, folder: Path) -> Document:
    """The volume that answers a claim."""
    meta, spec = claim["metadata"], claim["spec"]
    here = {"key": "kubernetes.io/hostname", "operator": "In", "values": [NODE]}
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": name_for(claim), "annotations": {"pv.kubernetes.io/provisioned-by": PROVISIONER}},
        "spec": {
            "capacity": {"storage": spec["resources"]["requests"]["storage"]},
            "accessModes": spec["accessModes"],
            "storageClassName": CLASS,
            "persistentVolumeReclaimPolicy": "Delete",
            "claimRef": {
                "apiVersion": "v1",
                "kind": "PersistentVolumeClaim",
                "namespace": meta["namespace"],
                "name": meta["name"],
                "uid": meta["uid"],
            },
            "local": {"path": str(folder / name_for(claim))},
            "nodeAffinity": {"required": {"nodeSelectorTerms": [{"matchExpressions": [here]}]}},
        },
    }


def name_for(claim: Document) -> str:
    """A volume's name, unique for ever."""
    return f"pvc-{claim['metadata']['uid']}"


def wants_volume(claim: Document) -> bool:
    """True for a claim of our class that has none yet."""
    return (
        claim["spec"].get("storageClassName") == CLASS
        and not claim["spec"].get("volumeName")
        and not claim["metadata"].get("deletionTimestamp")
    )


def is_done_with(item: Document) -> bool:
    """True for a volume of ours whose claim is gone."""
    ours = item["metadata"].get("annotations", {}).get("pv.kubernetes.io/provisioned-by") == PROVISIONER
    return bool(ours and item.get("status", {}).get("phase") == "Released")


class Provisioner:
    """Makes and removes folders and their volumes."""

    def __init__(self, api: Api, folder: Path) -> None:
        self.api = api
        self.folder = folder

    def look(self) -> str:
        """Do what is missing; returns the version of the claims that were seen."""
        claims = self.api.get(CLAIMS)
        for claim in filter(wants_volume, claims["items"]):
            self.provide(claim)
        for item in filter(is_done_with, self.api.get(VOLUMES)["items"]):
            shutil.rmtree(self.folder / item["metadata"]["name"], ignore_errors=True)
            self.api.request("DELETE", f"{VOLUMES}/{item['metadata']['name']}")
        version: str = claims["metadata"]["resourceVersion"]
        return version

    def provide(self, claim: Document) -> None:
        """A folder that any user may write to (the pod's fsGroup narrows it), then its volume."""
        path = self.folder / name_for(claim)
        path.mkdir(parents=True, exist_ok=True)
        path.chmod(0o777)
        try:
            self.api.request("POST", VOLUMES, volume(claim, self.folder), JSON)
        except ApiError as error:
            if error.status != 409:  # made by an earlier look that the claim's binding has not followed yet
                raise

    def keep(self) -> None:
        """Until the process is ended: look, then wait for a claim to change, for 30 s at most."""
        while True:
            try:
                version = self.look()
                for _ in self.api.watch(CLAIMS, version, seconds=30):
                    break
            except ApiError as error:
                print(error, flush=True)
            time.sleep(PAUSE)  # gathers what changes together, and holds back a loop against a dead server


def main() -> None:
    """As a part of the node."""
    Provisioner(Api.of(Path(sys.argv[1])), Path(sys.argv[2])).keep()


if __name__ == "__main__":
    main()
