"""The programs as pods run them: what they serve, what they refuse, and the one sentence that they leave."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from search.embedding.embedder import Embedder
from toprope_kit.outcome import Refused
from workloads.kit.tests.programs import get
from workloads.search.tests.conftest import a_world
from workloads.search.tests.pods import a_pod, starting
from workloads.search.tests.worlds import World, a_document, written
from workloads.shortener.tests import servers
from workloads.shortener.tests.servers import Postgres, until

pytestmark = pytest.mark.integration


@pytest.fixture
def real(postgres_server: Postgres, tmp_path: Path, minilm: Embedder) -> Iterator[World]:
    """A generation of the bundled model."""
    for world in a_world(postgres_server, "app", tmp_path):
        world.embedder = minilm
        world.ingest(written(tmp_path / "documents.jsonl", map(a_document, range(40))))
        yield world


def owner(world: World, model: Path, source: Path, **more: str) -> dict[str, str]:
    described = json.dumps({"file": {"path": str(source)}})
    given = {"GENERATION": "g1", "SOURCE_ID": "papers", "INGEST_SOURCE": described, "OPS_PORT": "0"}
    return servers.as_owner(world.environ(MODEL_DIR=str(model), **given | more))


def termination(world: World) -> str:
    return (world.folder / "credentials/termination-log").read_text()


def test_a_job_fills_a_generation_and_a_pod_serves_it(world: World, model: Path) -> None:
    source = written(world.folder / "documents.jsonl", map(a_document, range(40)))
    done = servers.program("search", owner(world, model, source), "ingest")
    assert (done.returncode, done.stdout) == (0, f"{termination(world)}\n"), done.stderr
    assert termination(world) == "generation g1 is ready: 40 lines, 0 rejected, 40 embedded, 0 vectors taken over"
    with a_pod(world, model) as pod:
        answer = get(f"{pod.url}/v1/search?q=cryptography&k=3").json()
        assert answer["items"][0]["title"].startswith("cryptography")
        until(lambda: get(pod.ops + "/sli").json()["classes"]["main"]["finished"] == 1, "the request is counted")
        page = get(pod.ops + "/sli").json()
        assert page["classes"]["main"]["routes"]["search"]["total"] == 1
        assert page["trials"] == {"recall": {"total": 0, "bad": 0}}
        assert pod.number('search_query_embeddings_total{found="model"}') == 1
        assert pod.process.poll() is None


def test_a_pod_refuses_a_generation_of_another_model(real: World, model: Path) -> None:
    real.sql("UPDATE search.generations SET model = 'another', token_limit = 128")
    with starting(real, model) as pod:
        assert pod.process.wait(60) == Refused.exit_code
    assert "was made with another model than this pod's: model" in termination(real)
    assert "token limit 256, and not 128" in termination(real)


def test_a_pod_refuses_another_metric(real: World, model: Path) -> None:
    with starting(real, model, METRIC="Euclidean") as pod:
        assert pod.process.wait(60) == Refused.exit_code
    assert "metric Euclidean, and not Cosine" in termination(real)


def test_a_pod_of_an_absent_generation_says_so(real: World, model: Path) -> None:
    with starting(real, model, "absent") as pod:
        assert pod.process.wait(60) == 1
    assert termination(real).startswith("there is no generation absent")


def test_a_generation_that_is_not_ready_gets_no_requests(real: World, model: Path) -> None:
    real.sql("UPDATE search.generations SET state = 'Building'")
    with starting(real, model) as pod:
        until(lambda: "NotThereYet" in checks(pod.ops), "the check says so", 60)
        assert not pod.ready()
        real.sql("UPDATE search.generations SET state = 'Ready'")
        until(pod.ready, "it is ready", 60)


def checks(ops: str) -> str:
    try:
        return get(ops + "/readyz").text
    except Exception:  # noqa: BLE001 - it is not listening yet
        return ""


def test_a_model_that_was_changed_is_refused(real: World, model: Path, tmp_path: Path) -> None:
    source = written(tmp_path / "more.jsonl", map(a_document, range(5)))
    folder = tmp_path / "model"
    folder.mkdir()
    for path in model.iterdir():
        (folder / path.name).write_bytes(path.read_bytes() + (b" " if path.name == "model.onnx" else b""))
    done = servers.program("search", owner(real, folder, source, GENERATION="g2"), "ingest")
    assert (done.returncode, "model.onnx is not the one of its card" in done.stderr) == (3, True)


@contextmanager
def ingesting(world: World, model: Path, source: Path, **more: str) -> Iterator["subprocess.Popen[bytes]"]:
    command = [sys.executable, "-m", "search", "ingest"]
    process = subprocess.Popen(command, env=owner(world, model, source, **more), stderr=subprocess.PIPE)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate(timeout=30)


def embedded(world: World) -> int:
    return int(world.sql("SELECT coalesce(sum(embedded), 0) FROM search.generations"))


def test_a_job_that_is_killed_goes_on_where_it_was(world: World, model: Path) -> None:
    source = written(world.folder / "documents.jsonl", map(a_document, range(400)))
    with ingesting(world, model, source) as process:
        until(lambda: embedded(world) > 0, "some are embedded", 60)
        os.kill(process.pid, signal.SIGKILL)
        process.wait(30)
    before = embedded(world)
    assert before > 0
    assert servers.program("search", owner(world, model, source), "ingest").returncode == 0
    # What was written by then was written once.
    assert (world.generation()["state"], embedded(world)) == ("Ready", 400)


def test_progress_is_told_while_it_works(world: World, model: Path) -> None:
    source = written(world.folder / "documents.jsonl", map(a_document, range(600)))
    port = servers.free_port()
    with ingesting(world, model, source, OPS_PORT=str(port)):
        until(lambda: progress(port).get("done", 0) > 0 and progress(port)["stage"] == "Embedding", "it tells", 60)
        told = progress(port)
        assert (told["total"], told["lines"]) == (600, 600)
        with socket.create_connection(("127.0.0.1", port)) as odd:
            odd.sendall(b"\r\n\r\n")
            assert odd.recv(100).startswith(b"HTTP/1.1 404")


def progress(port: int) -> dict[str, int]:
    try:
        found: dict[str, int] = get(f"http://127.0.0.1:{port}/progress").json()
    except Exception:  # noqa: BLE001 - it is not listening yet, or not any more
        return {}
    return found


def test_a_database_that_restarts_under_load_costs_nothing(tmp_path: Path, model: Path) -> None:
    with servers.postgres() as server:
        server.sql("CREATE EXTENSION vector", "app", "postgres")
        world = World(server, "app", tmp_path)
        source = written(tmp_path / "documents.jsonl", map(a_document, range(400)))
        assert servers.program("search", owner(world, model, source), "migrate").returncode == 0
        with ingesting(world, model, source) as process:
            for count in (1, 150):
                until(lambda count=count: embedded(world) >= count, "some are embedded", 60)
                server.kill()
                server.start()
            assert process.wait(120) == 0, process.stderr and process.stderr.read()
        row = world.generation()
        assert (row["state"], row["embedded"], world.sql("SELECT count(*) FROM search.vectors_g1")) == (
            "Ready",
            400,
            "400",
        )


def test_a_full_disk_is_named_and_given_room_it_goes_on(tmp_path: Path, model: Path) -> None:
    with servers.small_disk() as disk:
        if disk is None:
            pytest.skip("a full disk needs a small one, and only root may mount it")
        with servers.postgres(disk / "data") as server:
            server.sql("CREATE EXTENSION vector", "app", "postgres")
            fills_the_disk(World(server, "app", tmp_path), model, disk)


def fills_the_disk(world: World, model: Path, disk: Path) -> None:
    source = written(world.folder / "documents.jsonl", map(a_document, range(300)))
    job = owner(world, model, source)
    assert servers.program("search", job, "migrate").returncode == 0
    filler = disk / "filler"
    filler.write_bytes(bytes(max(0, shutil.disk_usage(disk).free - 300_000)))
    done = servers.program("search", job, "ingest")
    assert (done.returncode, "the database's disk is full" in done.stderr) == (1, True), done.stderr
    filler.unlink()
    assert servers.program("search", job, "ingest").returncode == 0
    assert world.generation()["state"] == "Ready"
