"""The queue at full speed and under proof: floors, lanes, snapshots in the audit, seals, counters, policy.

Revision ID: 0002
"""

from app.migrations.script import execute_script

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

SQL = """
ALTER TABLE ready ADD COLUMN xid xid8 NOT NULL DEFAULT pg_current_xact_id();

COMMENT ON COLUMN ready.xid IS
    'The transaction that put the case here: a claim that starts at a floor finds by it what came below.';

CREATE INDEX ready_xid ON ready (xid);

CREATE INDEX ready_lane ON ready (stage, port, qual_mask, rank);

ALTER TABLE ready SET (
    autovacuum_vacuum_threshold = 2000, autovacuum_vacuum_scale_factor = 0.02,
    autovacuum_analyze_threshold = 2000, autovacuum_analyze_scale_factor = 0.1,
    autovacuum_vacuum_cost_delay = 0
);

ALTER TABLE seats ADD COLUMN working_since timestamptz, ADD COLUMN left_at timestamptz;

COMMENT ON COLUMN seats.working_since IS
    'Slot 0: since when its reviewer has been looking at cases without a rest; see left_at.';

COMMENT ON COLUMN seats.left_at IS 'Slot 0: when it last became empty.';

ALTER TABLE seats SET (
    autovacuum_vacuum_threshold = 500, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_cost_delay = 0
);

DROP INDEX cases_closed;

ALTER TABLE cases SET (fillfactor = 80);

COMMENT ON COLUMN cases.closed_at IS
    'Not indexed, so that closing a case is a HOT update; dispositions are indexed by time.';

ALTER TABLE ready DROP CONSTRAINT ready_case_id_fkey;

ALTER TABLE decisions DROP CONSTRAINT decisions_case_id_fkey, DROP CONSTRAINT decisions_reviewer_fkey;

ALTER TABLE dispositions DROP CONSTRAINT dispositions_scan_id_fkey;

CREATE FUNCTION refuse_delete() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'rows of % are never deleted', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;

COMMENT ON FUNCTION refuse_delete IS
    'The hot tables take their keys from joins with these rows; as these stay, no move needs to check them.';

CREATE TRIGGER cases_never_deleted BEFORE DELETE OR TRUNCATE ON cases
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_delete();

CREATE TRIGGER scans_never_deleted BEFORE DELETE OR TRUNCATE ON scans
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_delete();

CREATE TRIGGER accounts_never_deleted BEFORE DELETE OR TRUNCATE ON accounts
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_delete();

ALTER TABLE audit
    ADD COLUMN xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    ADD COLUMN seen pg_snapshot,
    ADD COLUMN reach bigint,
    DROP CONSTRAINT audit_pkey,
    ADD PRIMARY KEY (xid, seq);

COMMENT ON COLUMN audit.xid IS
    'The transaction of the action. Once it is older than every running one, no row can appear below it: '
    'counters and seals read the trail in this order.';

COMMENT ON COLUMN audit.seen IS
    'Of an assignment: the snapshot in which its case was the best eligible one.';

COMMENT ON COLUMN audit.reach IS
    'Of an assignment: the last rank its transaction had locked, which a concurrent one had to skip.';

CREATE TABLE seals (
    seal_no bigint PRIMARY KEY CHECK (seal_no > 0),
    prev_hash bytea NOT NULL CHECK (octet_length(prev_hash) = 32),
    from_xid xid8 NOT NULL,
    to_xid xid8 NOT NULL CHECK (to_xid > from_xid),
    n_rows bigint NOT NULL CHECK (n_rows > 0),
    leaves bytea NOT NULL CHECK (octet_length(leaves) = 40 * n_rows),
    root bytea NOT NULL CHECK (octet_length(root) = 32),
    sealed_at timestamptz NOT NULL,
    key_id text NOT NULL,
    signature bytea NOT NULL CHECK (octet_length(signature) = 64)
);

COMMENT ON TABLE seals IS
    'Each seals the audit rows with from_xid <= xid < to_xid, in the order of (xid, seq).';

COMMENT ON COLUMN seals.leaves IS 'Per row: seq (8 bytes, big endian) and the 32 bytes of its leaf hash.';

CREATE TRIGGER seals_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON seals
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TABLE queue_depths (
    port text NOT NULL,
    stage smallint NOT NULL,
    band smallint NOT NULL,
    n integer NOT NULL,
    PRIMARY KEY (port, stage, band)
) WITH (fillfactor = 50);

COMMENT ON TABLE queue_depths IS
    'How many cases wait, kept by one process at a time from the audit trail; no move writes here.';

CREATE TABLE queue_counts (
    port text NOT NULL,
    stage smallint NOT NULL,
    band smallint NOT NULL,
    due_minute integer NOT NULL,
    n integer NOT NULL,
    PRIMARY KEY (port, stage, band, due_minute)
) WITH (fillfactor = 50);

COMMENT ON TABLE queue_counts IS
    'queue_depths by the minute in which the cases are due (minutes since 1970); no row has n = 0.';

CREATE TABLE queue_counts_state (
    is_only boolean PRIMARY KEY DEFAULT true CHECK (is_only),
    counted pg_snapshot NOT NULL
);

COMMENT ON TABLE queue_counts_state IS
    'queue_depths and queue_counts hold what this snapshot saw in ready; without a row, nothing yet.';

CREATE TABLE queue_policies (
    version integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    body jsonb NOT NULL,
    author text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);

COMMENT ON TABLE queue_policies IS 'The highest version is in force; before the first, the defaults are.';

CREATE TRIGGER queue_policies_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON queue_policies
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
"""


def upgrade() -> None:
    """Add what claims, proof and counters need."""
    execute_script(SQL)
