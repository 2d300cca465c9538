"""What a model is, in a file beside it: vectors of two models are comparable only when their cards are equal.

The digest covers what decides a vector: graph with weights, tokenizer, and where a text is cut.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

CARD = "card.json"


class WrongModel(Exception):
    """The model's files are absent or not what their card says; the message is for a person."""


@dataclass(frozen=True, slots=True)
class Card:
    """One model."""

    name: str
    digest: str
    dimension: int
    token_limit: int
    files: Mapping[str, str]
    """SHA-256 by file name."""

    @classmethod
    def read(cls, folder: Path) -> "Card":
        """The card in a folder; WrongModel when there is none that can be read."""
        try:
            content = json.loads((folder / CARD).read_text())
            return cls(
                name=str(content["name"]), digest=str(content["digest"]), dimension=int(content["dimension"]),
                token_limit=int(content["token_limit"]), files=dict(content["files"]),
            )  # fmt: skip
        except OSError as error:
            raise WrongModel(f"No model in {folder}: {error.strerror}.") from error
        except (ValueError, KeyError, TypeError) as error:
            raise WrongModel(f"{folder / CARD} is no model's card.") from error

    def as_json(self) -> dict[str, Any]:
        """What its file holds."""
        return asdict(self) | {"files": dict(self.files)}

    def prove(self, folder: Path) -> None:
        """WrongModel when a file is not what the card says: a changed model must not answer under an old name."""
        for name, expected in self.files.items():
            try:
                found = hashlib.sha256((folder / name).read_bytes()).hexdigest()
            except OSError as error:
                raise WrongModel(f"The model's {name} cannot be read: {error.strerror}.") from error
            if found != expected:
                raise WrongModel(f"The model's {name} is not the one of its card: SHA-256 {found}, not {expected}.")
        if digest_of(self.files, self.token_limit) != self.digest:
            raise WrongModel(f"The digest in {folder / CARD} does not belong to the files that it lists.")


def digest_of(files: Mapping[str, str], token_limit: int) -> str:
    """The model's identity, 64 hexadecimal digits."""
    text = json.dumps({"files": dict(sorted(files.items())), "token_limit": token_limit}, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
