"""How children are called and marked: names within Kubernetes' limits, labels, annotations."""

import hashlib

GROUP = "toprope.dev"
FIELD_MANAGER = "toprope"
FINALIZER = f"{GROUP}/finalizer"

# Labels of children.
MANAGED_BY = "app.kubernetes.io/managed-by"
COMPONENT = "app.kubernetes.io/component"
OWNER_KIND = f"{GROUP}/kind"
OWNER_NAME = f"{GROUP}/name"
REVISION = f"{GROUP}/revision"
DATA = f"{GROUP}/data"
"""Marks what outlives its resource: never owned, never pruned."""

# Annotations of children.
RENDERED = f"{GROUP}/rendered"
"""Hash of the object as it was rendered."""
BESIDE = f"{GROUP}/beside"
"""On the pods of a migration: the revision that runs meanwhile."""
TAKEN_BACK = f"{GROUP}/taken-back"
"""On the route, or the Service without one: which try of which candidate it took the requests back from, and why. It is
written with the fall itself, so that an operator that dies before the status says so leaves word."""
ROTATED = f"{GROUP}/rotated"
"""Id of the last finished rotation of a credentials Secret."""

# Annotations that people write on a resource.
RECONCILE = f"{GROUP}/reconcile"
"""`disabled` leaves everything as it is."""
ROTATE_CREDENTIALS = f"{GROUP}/rotate-credentials"
"""Any new id rotates the generated credentials once."""

_HASH_ALPHABET = "bcdfghjklmnpqrstvwxz2456789"  # as Kubernetes does: no vowels, no words by accident


def short_hash(text: str, length: int = 9) -> str:
    """A name-safe hash: lower-case letters and digits, no vowels."""
    number = int.from_bytes(hashlib.sha256(text.encode()).digest(), "big")
    letters = []
    for _ in range(length):
        number, index = divmod(number, len(_HASH_ALPHABET))
        letters.append(_HASH_ALPHABET[index])
    return "".join(letters)


def child_name(resource: str, component: str, revision: str | None = None, *, limit: int = 63) -> str:
    """`<resource>-<component>[-<revision>]`; where that is longer than `limit`, the resource's part is cut
    and a hash of the whole keeps it unique.
    """
    tail = f"-{component}" + (f"-{revision}" if revision else "")
    whole = resource + tail
    if len(whole) <= limit:
        return whole
    mark = f"-{short_hash(whole, 6)}"
    head = resource[: limit - len(tail) - len(mark)].rstrip("-.")
    return head + mark + tail


def label_value(text: str) -> str:
    """`text` as a label value: at most 63 characters, a longer one cut and marked by a hash."""
    return text if len(text) <= 63 else f"{text[:53].rstrip('-._')}-{short_hash(text)}"


def owner_labels(kind: str, name: str) -> dict[str, str]:
    """What finds all children of one resource, and nothing else."""
    return {MANAGED_BY: FIELD_MANAGER, OWNER_KIND: kind, OWNER_NAME: label_value(name)}


def child_labels(kind: str, name: str, component: str, revision: str | None = None) -> dict[str, str]:
    """All labels of a child. A superset of `selector_labels`."""
    labels = owner_labels(kind, name) | {
        "app.kubernetes.io/name": kind.lower(),
        "app.kubernetes.io/instance": label_value(name),
        "app.kubernetes.io/part-of": "toprope",
        COMPONENT: component,
    }
    return labels | ({REVISION: revision} if revision else {})


def selector_labels(kind: str, name: str, component: str, revision: str | None = None) -> dict[str, str]:
    """The few labels that select a component's pods; they never change for a living Deployment."""
    labels = {OWNER_KIND: kind, OWNER_NAME: label_value(name), COMPONENT: component}
    return labels | ({REVISION: revision} if revision else {})
