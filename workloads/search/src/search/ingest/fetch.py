"""The source as a file on this machine, whole and proved before a line of it is read.

A file of the pod is read where it lies. A download is kept until it is read: half of one that breaks off, or one
whose digest is wrong, changes no document.
"""

import hashlib
import http.client
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import IO, Any, Protocol
from urllib.parse import urlsplit

from search.ingest import web
from search.ingest.settings import HttpSource, IngestSettings, ObjectSource
from toprope_kit.outcome import Failure, Refused

PIECE = 2**20


class Readable(Protocol):
    """Bytes, piece by piece."""

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes; none at the end."""


@contextmanager
def fetched(settings: IngestSettings) -> Iterator[Path]:
    """The file; gone afterwards when it was downloaded."""
    source = settings.ingest_source
    if source.file is not None:
        yield _there(source.file.path)
        return
    with tempfile.NamedTemporaryFile(dir=settings.scratch_dir, prefix="source-") as file:
        if source.http is not None:
            _download(source.http, file, settings.source_max_bytes)
        elif source.object_store is not None:
            _copy_object(source.object_store, file, settings)
        file.flush()
        yield Path(file.name)


def digest_of(path: Path) -> str:
    """SHA-256 of a file's bytes, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _there(path: Path) -> Path:
    try:
        with path.open("rb"):
            return path
    except OSError as error:
        raise Failure(f"the source {path} cannot be read: {error.strerror}") from error


def _download(source: HttpSource, into: IO[bytes], most: int) -> None:
    with web.opened(source.url) as answer:
        try:
            found = _copied(answer, into, most)
            # A connection that ends early and says so by nothing else ends like a whole one.
            if answer.length:
                raise Failure(f"the source broke off {answer.length} bytes before its end")
        except (OSError, http.client.HTTPException) as error:
            raise Failure(f"the source broke off: {type(error).__name__}") from error
    if f"sha256:{found}" != source.digest:
        raise Refused(f"source.http.digest: the file has sha256:{found}, not {source.digest}; nothing of it was read")


def _copy_object(source: ObjectSource, into: IO[bytes], settings: IngestSettings) -> None:
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - half a second that other sources spare

    place = urlsplit(source.uri)
    try:
        with closing(_client(source, settings)) as client:
            body = client.get_object(Bucket=place.netloc, Key=place.path.lstrip("/"))["Body"]
            with closing(body):
                _copied(body, into, settings.source_max_bytes)
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "no code")
        raise Failure(f"the object store refuses {source.uri}: {code}") from error
    except BotoCoreError as error:
        raise Failure(f"the object store does not give {source.uri}: {type(error).__name__}") from error


def _client(source: ObjectSource, settings: IngestSettings) -> Any:
    import boto3  # noqa: PLC0415
    from botocore.config import Config  # noqa: PLC0415

    key, secret = settings.aws_access_key_id, settings.aws_secret_access_key
    return boto3.client(
        "s3",
        endpoint_url=source.endpoint,
        region_name=source.region,
        aws_access_key_id=key.get_secret_value() if key else None,
        aws_secret_access_key=secret.get_secret_value() if secret else None,
        # Stores that are not Amazon's know buckets by path, and few of its newer checksums.
        config=Config(
            s3={"addressing_style": "path" if source.endpoint else "auto"},
            response_checksum_validation="when_required",
            retries={"max_attempts": 5, "mode": "standard"},
        ),
    )


def _copied(body: Readable, into: IO[bytes], most: int) -> str:
    digest, size = hashlib.sha256(), 0
    while piece := body.read(PIECE):
        size += len(piece)
        if size > most:
            raise Refused(f"the source is larger than {most} bytes, as SOURCE_MAX_BYTES allows")
        digest.update(piece)
        into.write(piece)
    return digest.hexdigest()
