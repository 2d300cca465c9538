"""Where a search test lives: a database of its own, documents in a file, generations filled in this process."""

import asyncio
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from search.embedding.embedder import Embedder
from search.ingest.progress import Progress
from search.ingest.run import Ingest
from search.ingest.settings import IngestSettings
from toprope_kit.auth import mint
from toprope_kit.database import DatabaseSettings
from workloads.search.tests.toy import Toy
from workloads.shortener.tests import servers
from workloads.shortener.tests.servers import Postgres

KEY = mint("search").text
TOPICS = (
    "neural networks",
    "graph databases",
    "robot motion",
    "quantum circuits",
    "image segmentation",
    "cryptography",
)
VERBS = ("study", "improve", "question", "measure", "prove", "survey")


def a_document(number: int, **more: Any) -> dict[str, Any]:
    """One of many, each with words of its own."""
    topic, verb = TOPICS[number % len(TOPICS)], VERBS[number // 7 % len(VERBS)]
    text = f"We {verb} {topic} with method m{number * 7919 % 101} on case c{number} and report r{number % 13}."
    return {"id": f"d{number}", "title": f"{topic} {number}", "text": text, "kind": topic, **more}


def written(path: Path, lines: Iterable[Mapping[str, Any] | str]) -> Path:
    """JSON Lines; a text stands for itself."""
    path.write_text("".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines))
    return path


@dataclass
class World:
    """One test's."""

    postgres: Postgres
    database: str
    folder: Path
    embedder: Embedder = field(default_factory=Toy)

    def sql(self, statement: str, user: str = "owner") -> str:
        return self.postgres.sql(statement, self.database, user)

    def rows(self, statement: str) -> list[list[str]]:
        return [line.split("|") for line in self.sql(statement).splitlines()]

    def environ(self, **more: str) -> dict[str, str]:
        """The environment of a program of ours."""
        folder = self.folder / "credentials"
        return servers.environment(self.postgres, None, folder, DATABASE_NAME=self.database, **more)

    def database_settings(self, user: str = "owner") -> DatabaseSettings:
        servers.write_credentials(self.folder / "credentials", api_key=KEY)
        return DatabaseSettings(
            database_host="127.0.0.1",
            database_port=self.postgres.port,
            database_name=self.database,
            database_user=user,
            database_password_file=self.folder / "credentials" / f"{user}-password",
        )

    def settings(self, source: Path | Mapping[str, Any], generation: str = "g1", **more: Any) -> IngestSettings:
        described = {"file": {"path": str(source)}} if isinstance(source, Path) else dict(source)
        given: dict[str, Any] = {
            "generation": generation,
            "source_id": "papers",
            "ingest_source": described,
            "ingest_fields": {"filters": ["kind"]},
            "scratch_dir": self.folder,
            "database_wait": 20.0,
            "recall_objective": 0.5,
            **more,
        }
        return IngestSettings.model_validate(given)

    def ingest(
        self, source: Path | Mapping[str, Any], generation: str = "g1", progress: Progress | None = None, **more: Any
    ) -> Ingest:
        """Fill a generation; raises what the program would have said."""
        filling = Ingest(self.settings(source, generation, **more), self.database_settings(), self.embedder)
        filling.progress = progress or filling.progress
        asyncio.run(filling.run())
        return filling

    def refresh(self, source: Path, generation: str = "g1", **more: Any) -> Ingest:
        filling = Ingest(self.settings(source, generation, **more), self.database_settings(), self.embedder)
        asyncio.run(filling.refresh())
        return filling

    def generation(self, name: str = "g1") -> dict[str, Any]:
        """Its row."""
        found: dict[str, Any] = json.loads(
            self.sql(f"SELECT row_to_json(g) FROM search.generations AS g WHERE name = '{name}'")
        )
        return found
