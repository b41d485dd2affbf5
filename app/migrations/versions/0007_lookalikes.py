"""Where the cargo model puts a scan among all others, and which lookalikes somebody was shown for a case."""

from app.migrations.script import execute_script

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

# Without the extension everything works but the search itself; docs/howto/lookalikes.md says how to add it.
SQL = """
CREATE TABLE scan_embeddings (
    scan_id text NOT NULL REFERENCES scans,
    model_digest bytea NOT NULL CHECK (octet_length(model_digest) = 32),
    embedding real[] NOT NULL CHECK (cardinality(embedding) = 128),
    headings text[] NOT NULL DEFAULT '{}',
    stored_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (scan_id, model_digest)
);

COMMENT ON TABLE scan_embeddings IS
    'What a cargo model made of a scan. Only points of one model can be compared.';

COMMENT ON COLUMN scan_embeddings.headings IS
    'Of the declared goods, the first four digits of their HS codes.';

CREATE TRIGGER scan_embeddings_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON scan_embeddings
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TABLE lookalikes_shown (
    case_id bigint NOT NULL REFERENCES cases,
    account_id bigint NOT NULL REFERENCES accounts,
    scan_id text NOT NULL REFERENCES scans,
    PRIMARY KEY (case_id, account_id, scan_id)
);

COMMENT ON TABLE lookalikes_shown IS
    'While an account holds the case, it may read the pixels of these scans.';

DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_available_extensions WHERE name = 'vector') THEN
        CREATE EXTENSION IF NOT EXISTS vector;
        CREATE INDEX scan_embeddings_near ON scan_embeddings
            USING hnsw ((embedding::vector(128)) vector_cosine_ops);
    END IF;
EXCEPTION WHEN insufficient_privilege THEN
    RAISE NOTICE 'pgvector is there, but this role may not create it: lookalikes are off';
END
$$;
"""


def upgrade() -> None:
    """Add the tables, and the index where pgvector is at hand."""
    execute_script(SQL)
