"""Which release is how far, so that the next one's check knows what those that run can live with.

`releases` is written by `shortener migrate`: the newest step that a revision's image knows. `contractions` holds what
was taken away, and the step that a release has to know to live without it; a web worker that does not know it never
gets ready. Both are the owner's; the workers may only read the second one.
"""

from alembic import op

revision = "0006"
down_revision = "0005"

RELEASES = """
    CREATE TABLE shortener.releases (
        revision text PRIMARY KEY,
        head text NOT NULL,
        migrated_at timestamptz NOT NULL DEFAULT now()
    )
"""

CONTRACTIONS = """
    CREATE TABLE shortener.contractions (
        step text PRIMARY KEY,
        unused_since text NOT NULL
    )
"""


def upgrade() -> None:
    """Two new tables: nobody uses them yet."""
    op.execute(RELEASES)
    op.execute(CONTRACTIONS)
