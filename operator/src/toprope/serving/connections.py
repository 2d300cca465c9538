"""How many connections web pods may open, and how many the embedded database takes: none is to be turned away.

    three revisions live when a release comes during a release: one serves, one ends its last requests, one gets ready;
    each has up to `replicas.max` pods, each pod its pool and the connection that listens

A pod's pool is frozen with its revision and the database's bound with its StatefulSet, while `replicas.max` changes at
once. So both are fixed, and the schema bounds `replicas.max` where the database is embedded. The bound follows from the
database's memory, and the pool from the bound. A CloudNativePG cluster gets room for the `replicas.max` of its birth;
whoever wants more pods later gives it more, as its owner.
"""

POOL = 3
"""Connections that one web pod works with: two may be busy with clicks while a third answers."""

LISTENING = 1
"""Connections beside the pool: it hears of changes."""

EMBEDDED_PODS = 10
"""Web pods of one revision that an embedded database carries."""

REVISIONS = 3
"""Most revisions that have pods at the same time."""

OTHERS = 8
"""For migrations, rotations, the superuser, and a listener that has just been cut and comes anew."""


def room_for(pods: int) -> int:
    """Connections that a database has to take for so many web pods of one revision."""
    return REVISIONS * pods * (POOL + LISTENING) + OTHERS


EMBEDDED = room_for(EMBEDDED_PODS)
"""Connections that an embedded database takes. One that has done all that pods ask for has 3.9 MiB of its own, one that
listens 1.2 (measured): with 64 MiB of buffers 480 MiB in all, below the 512 that are the usual limit."""
