"""Whether a live object is still what was rendered, so that an unchanged world costs no write."""

import hashlib
from typing import Any

import orjson

from toprope.core.names import RENDERED
from toprope.core.objects import Manifest, annotations_of

_WHOLE = frozenset({"selector", "podSelector", "namespaceSelector", "matchLabels"})
"""What is one value to the API server, and to us: a label more in a Service's selector, and it finds no pod."""


def with_hash(manifest: Manifest) -> dict[str, Any]:
    """The manifest with the hash of itself as an annotation."""
    metadata = manifest["metadata"]
    annotations = {**(metadata.get("annotations") or {}), RENDERED: digest(manifest)}
    return {**manifest, "metadata": {**metadata, "annotations": annotations}}


def digest(value: Any) -> str:
    """A hash of JSON-like data that does not depend on the order of keys."""
    return hashlib.sha256(orjson.dumps(value, option=orjson.OPT_SORT_KEYS)).hexdigest()[:16]


def unchanged(manifest: Manifest, live: Manifest) -> bool:
    """True when `live` carries the hash of `manifest` and every rendered leaf and selector equals the live one.

    The hash alone misses what somebody edited, the leaves alone miss what we no longer render; `resourceVersion` says
    nothing: it moves all day for other reasons. An empty list may be missing: the API server
    stores none.
    """
    return annotations_of(live).get(RENDERED) == digest(manifest) and _holds(manifest, live)


def _holds(wanted: Any, live: Any) -> bool:
    # The innermost loop of every pass: equal branches are seen at once, by plain types, and no generator is made.
    if wanted == live:
        return True
    if isinstance(wanted, dict):
        if not isinstance(live, dict) or any(wanted[key] != live.get(key) for key in _WHOLE & wanted.keys()):
            return False
        return all(map(_holds, wanted.values(), map(live.get, wanted)))
    if isinstance(wanted, (list, tuple)):
        stored = [] if live is None else live
        return isinstance(stored, list) and len(wanted) == len(stored) and all(map(_holds, wanted, stored))
    return False
