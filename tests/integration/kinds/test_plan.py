"""`toprope plan` beside a real API server: whatever that refuses, the plan refuses with file and line, and nothing is
stored."""

import asyncio
from pathlib import Path

import yaml
from typer.testing import CliRunner

from dev.floor import Floor
from tests.support.specs import FAULTS, invalid
from toprope.cli.app import app


async def test_what_the_api_server_refuses_the_plan_refuses(furnished: Floor, namespace: str, tmp_path: Path) -> None:
    file, taken = tmp_path / "links.yaml", []
    for seed in range(len(FAULTS)):
        sentence, spec = invalid(seed)
        metadata = {"name": "planned", "namespace": namespace}
        manifest = {"apiVersion": "toprope.dev/v1alpha1", "kind": "ShortenerApp", "metadata": metadata, "spec": spec}
        file.write_text(yaml.safe_dump(manifest, sort_keys=False))
        environment = {"KUBECONFIG": str(furnished.kubeconfig), "COLUMNS": "200"}
        shown = await asyncio.to_thread(CliRunner().invoke, app, ["plan", "-f", str(file)], env=environment)
        if shown.exit_code != 1 or "links.yaml: line " not in shown.stderr:
            taken.append((sentence, shown.exit_code, shown.stderr))
    assert taken == []
    path = f"/apis/toprope.dev/v1alpha1/namespaces/{namespace}/shortenerapps"
    assert furnished.api.get(path)["items"] == []
