"""A pod is bound to one generation: what it embeds questions with must be what the documents were embedded with."""

from pathlib import Path
from typing import Annotated

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from search.embedding.card import Card, WrongModel
from search.generation import NAME, Generation, Metric
from toprope_kit.database import DatabaseSettings
from toprope_kit.migrate.reach import reached
from toprope_kit.outcome import Failure, Refused
from toprope_kit.settings import EnvSettings

ROW = "SELECT * FROM search.generations WHERE name = $1"


class BoundSettings(EnvSettings):
    """Which generation, and what it is expected to be."""

    model_config = SettingsConfigDict(frozen=True)

    generation: Annotated[str, Field(pattern=NAME.pattern + "$", max_length=40)]
    """The generation that this pod serves."""

    metric: Metric | None = None
    """What the pod's revision says of the metric; left out, the generation's own."""

    model_dir: Path = Path("/model")
    """Folder of the bundled model."""

    start_wait: Annotated[float, Field(ge=0)] = 60.0
    """Seconds to wait for the database at the start."""


def contradictions(generation: Generation, card: Card, metric: Metric | None) -> list[str]:
    """What about model, token limit and metric differs from the generation's row."""
    pairs = (
        ("model", generation.model, card.digest),
        ("dimension", generation.dimension, card.dimension),
        ("token limit", generation.token_limit, card.token_limit),
        ("metric", generation.metric, metric or generation.metric),
    )
    return [f"{name} {ours}, and not {its}" for name, its, ours in pairs if its != ours]


async def prove() -> None:
    """Refused when this pod must not serve its generation; a Failure when that cannot be found out."""
    settings = BoundSettings.load()
    try:
        card = Card.read(settings.model_dir)
        card.prove(settings.model_dir)
    except WrongModel as error:
        raise Refused(str(error)) from error
    connection = await reached(DatabaseSettings.load(), settings.start_wait)
    try:
        row = await connection.fetchrow(ROW, settings.generation)
    finally:
        await connection.close()
    if row is None:
        raise Failure(f"there is no generation {settings.generation}: was it dropped, or never begun?")
    if found := contradictions(Generation.of(row), card, settings.metric):
        raise Refused(
            f"generation {settings.generation} was made with another model than this pod's: {'; '.join(found)}. "
            "Its answers would be nonsense."
        )
