"""What the environment says to a search worker, and the file beside it that may change while it runs."""

import logging
from pathlib import Path
from typing import Annotated

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel
from pydantic_settings import SettingsConfigDict

from toprope_kit import logs
from toprope_kit.settings import EnvSettings

logger = logging.getLogger(__name__)


class SearchSettings(EnvSettings):
    """Prefix SEARCH_. All of them take effect at the start of a worker."""

    model_config = SettingsConfigDict(env_prefix="SEARCH_", frozen=True)

    live_file: Path | None = None
    """A mounted file of settings that change at once: `{"efSearch": 100, "recallShare": 0.01, "candidate": …}`."""

    api_key_file: Path | None = None
    """The key that may write documents; `<file>.next` opens, too. Without it nobody writes."""

    cached_questions: Annotated[int, Field(ge=0, le=1_000_000)] = 10_000
    """Embeddings of questions that a worker keeps; 1.5 KB each."""

    threads: Annotated[int, Field(ge=0, le=256)] = 0
    """Threads that compute embeddings; 0: as many as the container's processor limit pays for."""

    follow_rest: Annotated[float, Field(ge=0, le=100)] = 1.0
    """Seconds of rest for each second in which documents are embedded: searches come first."""


class Live(BaseModel):
    """What takes effect at once."""

    model_config = ConfigDict(frozen=True, extra="ignore", alias_generator=to_camel, populate_by_name=True)

    ef_search: Annotated[int, Field(ge=1, le=1000)] = 100
    """Candidates that the walk along the index keeps: more find more, and take longer."""

    recall_share: Annotated[float, Field(ge=0, le=1)] = 0.01
    """Share of live queries that are compared with the exact answer."""

    candidate: Annotated[str, Field(pattern=r"^https?://", max_length=500)] | None = None
    """Address of another generation's service, with which the playground compares."""

    origins: Annotated[list[str], Field(max_length=16)] = []
    """Origins whose pages may read answers: that of the service whose playground compares with this one."""


class LiveFile:
    """The file; what cannot be read changes nothing, and is said once."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._content = b""
        self.now = Live()
        """As it was read last."""

    def look(self) -> bool:
        """Read it once more; whether anything changed."""
        content = self._read()
        if content == self._content:
            return False
        self._content, before = content, self.now
        try:
            self.now = Live.model_validate(orjson.loads(content)) if content else Live()
        except (orjson.JSONDecodeError, ValidationError):
            logs.say(logger, "the live settings are not right; those before stay", logging.ERROR)
        return self.now != before

    def _read(self) -> bytes:
        try:
            return self._path.read_bytes() if self._path is not None else b""
        except OSError:
            # A mounted file is swapped as a whole; between two looks it may not be there.
            return self._content
