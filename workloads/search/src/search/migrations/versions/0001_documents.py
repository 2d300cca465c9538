"""Documents with their change sequence, shared by the generations that read a source; and the generations.

A source's `sequence` is raised under the lock of its row, in the transaction that writes the documents which get the
numbers: whoever reads up to a number has seen everything below it. A database sequence would not do: its numbers
become visible in another order than they are given out.
"""

from alembic import op

revision = "0001"
down_revision = None

TABLES = (
    """
    CREATE TABLE search.releases (
        revision text PRIMARY KEY,
        head text NOT NULL,
        migrated_at timestamptz NOT NULL DEFAULT now()
    )
    """,
    "CREATE TABLE search.contractions (step text PRIMARY KEY, unused_since text NOT NULL)",
    """
    CREATE TABLE search.sources (
        id text PRIMARY KEY,
        sequence bigint NOT NULL DEFAULT 0,
        content text,
        lines bigint NOT NULL DEFAULT 0,
        loaded_at timestamptz,
        created_at timestamptz NOT NULL DEFAULT now()
    )
    """,
    # `line_digest` is that of the source's own line: what the API wrote since then stays until that line changes.
    """
    CREATE TABLE search.documents (
        source text NOT NULL REFERENCES search.sources ON DELETE CASCADE,
        id text NOT NULL,
        sequence bigint NOT NULL,
        title text NOT NULL,
        body text NOT NULL,
        filters jsonb NOT NULL,
        text_digest bytea NOT NULL,
        line_digest bytea,
        written_by_api boolean NOT NULL DEFAULT false,
        deleted boolean NOT NULL DEFAULT false,
        changed_at timestamptz NOT NULL DEFAULT now(),
        words tsvector GENERATED ALWAYS AS (
            setweight(to_tsvector('english', left(title, 10000)), 'A')
            || setweight(to_tsvector('english', left(body, 100000)), 'B')
        ) STORED,
        PRIMARY KEY (source, id)
    )
    """,
    "CREATE UNIQUE INDEX documents_by_sequence ON search.documents (source, sequence)",
    "CREATE INDEX documents_by_words ON search.documents USING gin (words) WHERE NOT deleted",
    """
    CREATE TABLE search.terms (
        source text NOT NULL REFERENCES search.sources ON DELETE CASCADE,
        word text NOT NULL,
        documents bigint NOT NULL,
        PRIMARY KEY (source, word)
    )
    """,
    """
    CREATE TABLE search.rejected_lines (
        source text NOT NULL REFERENCES search.sources ON DELETE CASCADE,
        line bigint NOT NULL,
        reason text NOT NULL,
        PRIMARY KEY (source, line)
    )
    """,
    """
    CREATE TABLE search.generations (
        name text PRIMARY KEY,
        source text NOT NULL REFERENCES search.sources,
        model text NOT NULL,
        dimension integer NOT NULL,
        token_limit integer NOT NULL,
        metric text NOT NULL CHECK (metric IN ('Cosine', 'InnerProduct', 'Euclidean')),
        hnsw_m integer NOT NULL,
        hnsw_ef_construction integer NOT NULL,
        quantization text NOT NULL CHECK (quantization IN ('None', 'Half', 'Binary')),
        hybrid boolean NOT NULL,
        filter_fields text[] NOT NULL,
        state text NOT NULL DEFAULT 'Building' CHECK (state IN ('Building', 'Ready', 'Failed')),
        reason text NOT NULL DEFAULT '',
        position bigint NOT NULL DEFAULT 0,
        embedded bigint NOT NULL DEFAULT 0,
        unchanged bigint NOT NULL DEFAULT 0,
        rejected bigint NOT NULL DEFAULT 0,
        recall_trials integer,
        recall_hits integer,
        recall_lower double precision,
        overlap double precision,
        ndcg double precision,
        judged text,
        progress jsonb NOT NULL DEFAULT '{}',
        created_at timestamptz NOT NULL DEFAULT now(),
        ready_at timestamptz
    )
    """,
)


def upgrade() -> None:
    """All tables that are not one generation's own."""
    for table in TABLES:
        op.execute(table)
