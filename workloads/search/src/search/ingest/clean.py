"""One line into a document, or into the reason why it is none."""

from typing import Any

import orjson

from search.document import Document, Unfit, fit, identifier, prose, values
from search.ingest.lines import LONGEST, Line
from search.ingest.settings import FieldMapping


def document(line: Line, mapping: FieldMapping) -> Document:
    """The document that the line holds; Unfit names what is wrong."""
    content = _content(line)
    title = prose(content.get(mapping.title), mapping.title) if mapping.title else ""
    texts = [prose(content.get(name), name) for name in mapping.text]
    return fit(
        identifier(content.get(mapping.id), mapping.id),
        title,
        "\n".join(filter(None, texts)),
        {name: values(content.get(name), name) for name in mapping.filters},
    )


def _content(line: Line) -> dict[str, Any]:
    if line.content is None:
        raise Unfit(f"the line is longer than {LONGEST} bytes")
    try:
        content = orjson.loads(line.content)
    except orjson.JSONDecodeError as error:
        raise Unfit(f"no JSON: {error.msg} at character {error.pos}") from None
    if not isinstance(content, dict):
        raise Unfit("no JSON object")
    return content
