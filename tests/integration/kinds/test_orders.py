"""Orders for a rollout, given by the command to a real API server, and followed by the operator."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from dev.floor import Floor
from tests.integration.kinds.test_kill_points import serves
from tests.support.engine import is_observed
from tests.support.operator_process import running, until
from toprope.cli.app import app
from toprope.core.objects import ApiResource
from toprope.kinds.shortenerapp.kind import SHORTENER_APP
from toprope.kinds.shortenerapp.spec import ShortenerAppSpec, revision_of_spec

KIND = SHORTENER_APP.resource
LONGER = {"settings": {"slugLength": 9}}
CANDIDATE = revision_of_spec(ShortenerAppSpec.model_validate(LONGER))
ROLE = ApiResource("rbac.authorization.k8s.io", "v1", "roles", "Role")


@dataclass(frozen=True, slots=True)
class Told:
    """A resource with an operator, and people with different rights."""

    floor: Floor
    namespace: str

    def apply(self, spec: dict[str, Any], **notes: str) -> None:
        annotations = {f"toprope.dev/{word}": value for word, value in notes.items()}
        metadata = {"name": "links", "namespace": self.namespace, "annotations": annotations}
        self.floor.api.apply({"apiVersion": KIND.api_version, "kind": KIND.kind, "metadata": metadata, "spec": spec})

    def live(self) -> dict[str, Any]:
        return self.floor.api.find(KIND.path(self.namespace, "links")) or {}

    def is_settled(self) -> bool:
        live = self.live()
        return "status" in live and is_observed(live) and serves(live)

    def rollout(self) -> tuple[str, str]:
        told = self.live()["status"]["rollout"]
        return told["phase"], told["reason"]

    def may(self, user: str, *verbs: str) -> Path:
        """A kubeconfig of somebody who may do just that with ShortenerApps."""
        metadata = {"name": user, "namespace": self.namespace}
        rules = [{"apiGroups": [KIND.group], "resources": [KIND.plural], "verbs": list(verbs)}]
        self.floor.api.apply({"apiVersion": ROLE.api_version, "kind": "Role", "metadata": metadata, "rules": rules})
        subject = {"kind": "User", "name": user, "apiGroup": ROLE.group}
        ref = {"kind": "Role", "name": user, "apiGroup": ROLE.group}
        binding = {"metadata": metadata, "roleRef": ref, "subjects": [subject]}
        self.floor.api.apply({"apiVersion": ROLE.api_version, "kind": "RoleBinding", **binding})
        return self.floor.kubeconfig_for(user, "system:authenticated")

    def says(self, kubeconfig: Path, *words: str) -> Result:
        command = [*words, "-n", self.namespace]
        return CliRunner().invoke(app, command, env={"KUBECONFIG": str(kubeconfig), "COLUMNS": "200"})


@pytest.fixture
def told(furnished: Floor, namespaces: Callable[[], str], tmp_path: Path) -> Iterator[Told]:
    world = Told(furnished, namespaces())
    with running(furnished.kubeconfig, tmp_path / "log", module="toprope run", namespaces=world.namespace):
        world.apply({})
        until(world.is_settled)
        # The order may come before its candidate: a revision's name is known from its spec.
        world.apply(LONGER, pause=CANDIDATE)
        until(lambda: world.rollout() == ("Preparing", "Paused"))
        yield world


def test_a_release_is_given_up_tried_again_and_promoted_by_who_may_patch_it(told: Told) -> None:
    somebody = told.may("gives-orders", "get", "patch")
    assert told.says(somebody, "abort", "links", "--wait").exit_code == 0
    assert told.rollout() == ("Failed", "Aborted")
    refused = told.says(somebody, "promote", "links")
    assert (refused.exit_code, refused.stderr.startswith("There is nothing to promote: ")) == (1, True)
    again = told.says(somebody, "retry", "links", "--wait")
    assert (again.exit_code, "toprope.dev/pause is taken away" in again.stdout) == (0, True)
    assert told.says(somebody, "watch", "links", "--timeout", "60").exit_code == 0
    records = json.loads(told.says(somebody, "history", "links", "-o", "json").stdout)
    assert [(one["candidate"], one["outcome"]) for one in records] == [(CANDIDATE, "Promoted"), (CANDIDATE, "Aborted")]


def test_a_pause_ends_when_somebody_says_so(told: Told) -> None:
    admin = told.floor.kubeconfig
    assert "Paused" in told.says(admin, "explain", "links").stdout
    assert told.says(admin, "resume", "links", "--wait").exit_code == 0
    until(lambda: told.live()["status"]["revision"]["stable"] == CANDIDATE)
    assert "toprope.dev/pause" not in told.live()["metadata"].get("annotations", {})


def test_who_may_only_look_is_told_so(told: Told) -> None:
    onlooker = told.may("looks-on", "get")
    assert told.says(onlooker, "explain", "links").exit_code == 0
    refused = told.says(onlooker, "abort", "links")
    assert (refused.exit_code, "The API server answers 403 to PATCH ShortenerApp" in refused.stderr) == (1, True)
    assert told.rollout() == ("Preparing", "Paused")
