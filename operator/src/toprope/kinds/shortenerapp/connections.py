"""How many connections web pods may open, and how many the embedded database takes: none is to be turned away.

    during a release there are twice as many pods as `replicas.max`, each with its pool and the connection that listens

A pod's pool is frozen with its revision and the database's bound with its StatefulSet, while `replicas.max` changes at
once. So both are fixed, and the schema bounds `replicas.max` where the database is embedded. A CloudNativePG cluster
gets room for the `replicas.max` of its birth; whoever wants more pods later gives it more, as its owner.
"""

POOL = 5
"""Connections that one web pod works with."""

LISTENING = 1
"""Connections beside the pool: it hears of changes."""

EMBEDDED_PODS = 10
"""Web pods of one revision that an embedded database carries."""

OTHERS = 8
"""For migrations, rotations, the superuser, and a listener that has just been cut and comes anew."""


def room_for(pods: int) -> int:
    """Connections that a database has to take for so many web pods of one revision."""
    return 2 * pods * (POOL + LISTENING) + OTHERS


EMBEDDED = room_for(EMBEDDED_PODS)
"""Connections that an embedded database takes: each has some 3 MiB of its memory when it is in use."""
