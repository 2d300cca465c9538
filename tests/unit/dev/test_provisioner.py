from pathlib import Path
from typing import Any

import pytest

from dev.drivers.plain.provisioner import PROVISIONER, is_done_with, volume, wants_volume


def a_claim(class_name: str = "local", volume_name: str = "", **meta: Any) -> dict[str, Any]:
    return {
        "metadata": {"name": "data", "namespace": "default", "uid": "123", **meta},
        "spec": {
            "storageClassName": class_name,
            "volumeName": volume_name,
            "accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": "1Gi"}},
        },
    }


@pytest.mark.parametrize(
    ("sentence", "claim", "wanted"),
    [
        ("a new claim of our class gets a volume", a_claim(), True),
        ("one of another class does not", a_claim("growing"), False),
        ("one that has a volume keeps it", a_claim(volume_name="pvc-123"), False),
        ("one that is being deleted needs none", a_claim(deletionTimestamp="2026-01-01T12:00:00Z"), False),
    ],
)
def test_only_a_claim_that_needs_a_volume_gets_one(sentence: str, claim: dict[str, Any], wanted: bool) -> None:
    assert wants_volume(claim) is wanted


def test_a_volume_belongs_to_one_claim_for_ever() -> None:
    made = volume(a_claim(), Path("/volumes"))
    assert made["metadata"]["name"] == "pvc-123"
    assert made["spec"]["claimRef"]["uid"] == "123"
    assert made["spec"]["local"]["path"] == "/volumes/pvc-123"


def test_only_released_volumes_of_ours_are_removed() -> None:
    ours = {**volume(a_claim(), Path("/volumes")), "status": {"phase": "Released"}}
    assert is_done_with(ours)
    assert not is_done_with({**ours, "status": {"phase": "Bound"}})
    assert not is_done_with({**ours, "metadata": {"name": "theirs"}})
    assert ours["metadata"]["annotations"] == {"pv.kubernetes.io/provisioned-by": PROVISIONER}
