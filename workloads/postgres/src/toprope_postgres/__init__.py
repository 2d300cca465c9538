"""The embedded database's own program: makes a Postgres cluster once and keeps it serving.

    __main__ ─► cluster (made once) ─► server (in the foreground) ◄─ space (a full volume is read-only, not down)

Only the standard library: the image holds Postgres, Python and this.
"""
