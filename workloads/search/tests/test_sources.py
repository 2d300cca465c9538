"""Where documents come from over a network: what is downloaded, proved, refused, and how that is said."""

import hashlib
import http.server
import logging
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer
from pydantic import ValidationError

from search.ingest.fetch import fetched
from search.ingest.settings import IngestSettings, Source
from search.ingest.web import Origin
from toprope_kit.outcome import Failure, Refused

CONTENT = b'{"id": "a", "text": "one"}\n' * 1000
DIGEST = f"sha256:{hashlib.sha256(CONTENT).hexdigest()}"


class Handler(http.server.BaseHTTPRequestHandler):
    """A server of files that also knows how to misbehave."""

    def do_GET(self) -> None:
        page = self.path.split("?")[0]
        if page.startswith("/to/"):
            self.send_response(302)
            self.send_header("Location", self.path.removeprefix("/to/"))
            self.end_headers()
            return
        self.send_response({"/absent": 404, "/broken": 500}.get(page, 200))
        self.send_header("Content-Length", str(len(CONTENT)))
        self.end_headers()
        self.wfile.write(CONTENT[:100] if page == "/half" else CONTENT)

    def log_message(self, *words: Any) -> None:
        pass


@contextmanager
def a_server(host: str = "127.0.0.1") -> Iterator[str]:
    server = http.server.ThreadingHTTPServer((host, 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield f"http://{host}:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def url() -> Iterator[str]:
    with a_server() as address:
        yield address


def settings(source: dict[str, Any], folder: Path, **more: Any) -> IngestSettings:
    return IngestSettings.model_validate(
        {"generation": "g", "source_id": "s", "ingest_source": source, "scratch_dir": folder, **more}
    )


def over_http(url: str, folder: Path, digest: str = DIGEST, **more: Any) -> bytes:
    with fetched(settings({"http": {"url": url, "digest": digest}}, folder, **more)) as path:
        return path.read_bytes()


def test_a_file_is_downloaded_and_gone_afterwards(url: str, tmp_path: Path) -> None:
    assert over_http(f"{url}/file", tmp_path) == CONTENT
    assert list(tmp_path.iterdir()) == []


def test_a_redirect_to_the_same_origin_is_followed(url: str, tmp_path: Path) -> None:
    assert over_http(f"{url}/to//file", tmp_path) == CONTENT


@pytest.mark.parametrize(
    ("page", "kind", "said"),
    [
        ("/absent", Refused, "answers with status 404"),
        ("/broken", Failure, "answers with status 500"),
        ("/half", Failure, "broke off"),
        ("/to/file:///etc/passwd", Refused, "no HTTP address"),
        ("/to/http://127.0.0.1:1/secret", Refused, "redirects to 127.0.0.1, which is not a public address"),
        ("/to/http://localhost:9/", Refused, "not a public address"),
        ("/to/http://[::1]:9/", Refused, "not a public address"),
        ("/to/http://169.254.169.254/latest", Refused, "not a public address"),
        ("/to/http://10.96.0.1/api", Refused, "not a public address"),
        ("/to/http://0x7f000001:9/", Refused, "not a public address"),
    ],
)
def test_a_download_that_goes_wrong(url: str, tmp_path: Path, page: str, kind: type[Failure], said: str) -> None:
    with pytest.raises(Failure, match=said) as failed:
        over_http(url + page, tmp_path)
    assert type(failed.value).exit_code == kind.exit_code


def test_a_redirect_to_another_port_of_the_same_host_is_another_origin(url: str, tmp_path: Path) -> None:
    with a_server() as other, pytest.raises(Refused, match="not a public address"):
        over_http(f"{url}/to/{other}/file", tmp_path)


def test_redirects_without_end_end(url: str, tmp_path: Path) -> None:
    with pytest.raises(Refused, match="more than 5 times"):
        over_http(f"{url}/to//to//to//to//to//to//file", tmp_path)


def test_another_content_is_refused_by_its_digest(url: str, tmp_path: Path) -> None:
    with pytest.raises(Refused, match=f"has {DIGEST}, not sha256:{'0' * 64}; nothing of it was read"):
        over_http(f"{url}/file", tmp_path, f"sha256:{'0' * 64}")


def test_a_file_that_is_too_large_is_refused(url: str, tmp_path: Path) -> None:
    with pytest.raises(Refused, match="larger than 1000 bytes"):
        over_http(f"{url}/file", tmp_path, source_max_bytes=1000)


def test_public_addresses_are_public() -> None:
    assert Origin("https", "8.8.8.8", 443).addresses(public=True) == ["8.8.8.8"]


@pytest.fixture(scope="module")
def store() -> Iterator[str]:
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


KEYS = {"aws_access_key_id": "key", "aws_secret_access_key": "hunter2"}


@pytest.mark.integration
def test_an_object_is_copied_from_an_s3_compatible_store(store: str, tmp_path: Path) -> None:
    with closing(boto3.client("s3", endpoint_url=store, region_name="us-east-1", **KEYS)) as client:
        client.create_bucket(Bucket="papers")
        client.put_object(Bucket="papers", Key="2026/all.jsonl", Body=CONTENT)
    source = {"objectStore": {"uri": "s3://papers/2026/all.jsonl", "endpoint": store}}
    with fetched(settings(source, tmp_path, **KEYS)) as path:
        assert path.read_bytes() == CONTENT


@pytest.mark.integration
@pytest.mark.parametrize(("uri", "said"), [("s3://papers/absent", "NoSuch"), ("s3://nobodys/file", "NoSuchBucket")])
def test_an_object_that_is_absent_is_named(store: str, tmp_path: Path, uri: str, said: str) -> None:
    source = {"objectStore": {"uri": uri, "endpoint": store}}
    with pytest.raises(Failure, match=said) as failed, fetched(settings(source, tmp_path, **KEYS)):
        pass
    assert uri in str(failed.value)
    assert "hunter2" not in str(failed.value)


@pytest.mark.parametrize(
    "source",
    [
        {},
        {"file": {"path": "/a"}, "http": {"url": "http://a/b", "digest": DIGEST}},
        {"http": {"url": "ftp://a/b", "digest": DIGEST}},
        {"http": {"url": "http://a/b"}},
        {"http": {"url": "http://a/b", "digest": "md5:1"}},
        {"objectStore": {"uri": "http://bucket/key"}},
    ],
)
def test_a_source_is_exactly_one_thing(source: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Source.model_validate(source)
