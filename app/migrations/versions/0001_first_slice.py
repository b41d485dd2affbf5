"""First slice: stations, scans, screenings, cases, seats, decisions, dispositions, audit.

Plain SQL. Statements are separated by a blank line (see ``app.migrations.script``).

Revision ID: 0001
"""

from app.migrations.script import execute_script

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

SQL = """
CREATE TABLE ports (
    code text PRIMARY KEY CHECK (code ~ '^[A-Z0-9]{2,12}$'),
    name_zh text NOT NULL,
    name_en text NOT NULL
);

CREATE TABLE stations (
    station_id text PRIMARY KEY CHECK (station_id ~ '^[A-Za-z0-9_-]{1,40}$'),
    port text NOT NULL REFERENCES ports,
    name text NOT NULL,
    webhook_url text,
    webhook_secret text,
    created_at timestamptz NOT NULL DEFAULT now(),
    disabled_at timestamptz
);

CREATE TABLE station_keys (
    key_id text PRIMARY KEY,
    station_id text NOT NULL REFERENCES stations,
    key_sha256 bytea NOT NULL CHECK (octet_length(key_sha256) = 32),
    created_at timestamptz NOT NULL DEFAULT now(),
    revoked_at timestamptz
);

CREATE TABLE accounts (
    account_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    login text NOT NULL UNIQUE CHECK (login ~ '^[a-z0-9._-]{2,40}$'),
    display_name text NOT NULL,
    role text NOT NULL CHECK (role IN ('reviewer', 'supervisor', 'auditor', 'admin')),
    port text REFERENCES ports,
    quals bigint NOT NULL DEFAULT 0,
    password_hash text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    disabled_at timestamptz
);

COMMENT ON COLUMN accounts.port IS
    'The port a reviewer belongs to; cases of this port are never assigned to them.';

COMMENT ON COLUMN accounts.quals IS 'Qualification bits held; a case needs (qual_mask & ~quals) = 0.';

CREATE TABLE sessions (
    token_sha256 bytea PRIMARY KEY CHECK (octet_length(token_sha256) = 32),
    account_id bigint NOT NULL REFERENCES accounts,
    created_at timestamptz NOT NULL DEFAULT now(),
    last_seen_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz
);

CREATE TABLE images (
    digest bytea PRIMARY KEY CHECK (octet_length(digest) = 32),
    format text NOT NULL,
    size_bytes bigint NOT NULL,
    width_px integer NOT NULL,
    height_px integer NOT NULL,
    n_channels smallint NOT NULL,
    bit_depth smallint NOT NULL,
    received_at timestamptz NOT NULL DEFAULT now()
);

CREATE SEQUENCE scan_number;

CREATE TABLE scans (
    scan_id text PRIMARY KEY
        DEFAULT 'XR-' || to_char(now() AT TIME ZONE 'UTC', 'YYYYMMDD') || '-'
                || lpad(nextval('scan_number')::text, 6, '0'),
    station_id text NOT NULL REFERENCES stations,
    port text NOT NULL REFERENCES ports,
    idempotency_key text NOT NULL,
    request_sha256 bytea NOT NULL CHECK (octet_length(request_sha256) = 32),
    modality text NOT NULL CHECK (modality IN ('cargo', 'passenger_vehicle', 'under_vehicle')),
    direction text CHECK (direction IN ('import', 'export', 'transit')),
    container_no text,
    container_no_valid boolean,
    scanned_at timestamptz NOT NULL,
    received_at timestamptz NOT NULL DEFAULT now(),
    width_px integer NOT NULL,
    height_px integer NOT NULL,
    n_channels smallint NOT NULL CHECK (n_channels IN (1, 2)),
    bit_depth smallint NOT NULL CHECK (bit_depth IN (8, 16)),
    pixel_pitch_mm real,
    image_digests bytea[] NOT NULL,
    px16_full bytea NOT NULL CHECK (octet_length(px16_full) = 32),
    px16_preview bytea NOT NULL CHECK (octet_length(px16_preview) = 32),
    gate_photos jsonb NOT NULL DEFAULT '[]',
    declaration jsonb,
    UNIQUE (station_id, idempotency_key)
);

COMMENT ON COLUMN scans.image_digests IS
    'sha256 of the files as posted: one dual-channel file, or high then low.';

COMMENT ON COLUMN scans.px16_full IS
    'Store digest of the px16 object at level 0 (full size); px16_preview is level 2 (a quarter).';

CREATE INDEX scans_received ON scans (received_at);

CREATE INDEX scans_container ON scans (container_no, received_at) WHERE container_no IS NOT NULL;

CREATE TABLE screening_jobs (
    scan_id text PRIMARY KEY REFERENCES scans,
    enqueued_at timestamptz NOT NULL DEFAULT now(),
    run_after timestamptz NOT NULL DEFAULT now(),
    tries smallint NOT NULL DEFAULT 0,
    worker text,
    leased_until timestamptz,
    last_error text
);

CREATE INDEX screening_jobs_order ON screening_jobs (run_after);

CREATE TABLE policies (
    version integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    body jsonb NOT NULL,
    author text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE screenings (
    screening_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    scan_id text NOT NULL REFERENCES scans,
    model_name text NOT NULL,
    model_version text NOT NULL,
    model_digest bytea NOT NULL CHECK (octet_length(model_digest) = 32),
    engine text NOT NULL,
    policy_version integer NOT NULL REFERENCES policies,
    outcome text NOT NULL CHECK (outcome IN ('clear', 'flag')),
    reason text NOT NULL,
    risk real NOT NULL CHECK (risk BETWEEN 0 AND 1),
    findings jsonb NOT NULL,
    timings_ms jsonb NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX screenings_scan ON screenings (scan_id, screening_id);

CREATE TABLE cases (
    case_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    scan_id text NOT NULL UNIQUE REFERENCES scans,
    cycle smallint NOT NULL DEFAULT 1,
    port text NOT NULL REFERENCES ports,
    modality text NOT NULL,
    reason text NOT NULL,
    risk real NOT NULL CHECK (risk BETWEEN 0 AND 1),
    band smallint NOT NULL CHECK (band BETWEEN 0 AND 15),
    due_at timestamptz NOT NULL,
    qual_mask bigint NOT NULL DEFAULT 0,
    screening_id bigint REFERENCES screenings,
    opened_at timestamptz NOT NULL DEFAULT now(),
    closed_at timestamptz,
    disposition text CHECK (disposition IN ('release', 'inspect', 'rescan'))
);

CREATE INDEX cases_closed ON cases (closed_at) WHERE closed_at IS NOT NULL;

CREATE TABLE ready (
    case_id bigint PRIMARY KEY REFERENCES cases,
    rank bigint NOT NULL,
    port text NOT NULL,
    qual_mask bigint NOT NULL,
    stage smallint NOT NULL CHECK (stage IN (1, 2, 3)),
    first_reviewer bigint,
    tries smallint NOT NULL DEFAULT 0,
    n_expired smallint NOT NULL DEFAULT 0,
    ready_at timestamptz NOT NULL DEFAULT now()
);

COMMENT ON COLUMN ready.tries IS
    'How often the case came back at this stage; each time its random rank bits are drawn anew.';

COMMENT ON COLUMN ready.n_expired IS 'How many of those were shown to a reviewer who let the lease run out.';

CREATE INDEX ready_rank ON ready (rank);

CREATE SEQUENCE lease_token;

CREATE TABLE seats (
    reviewer bigint NOT NULL REFERENCES accounts,
    slot smallint NOT NULL CHECK (slot IN (0, 1)),
    case_id bigint,
    stage smallint,
    first_reviewer bigint,
    tries smallint,
    n_expired smallint,
    token bigint NOT NULL DEFAULT 0,
    leased_at timestamptz,
    shown_at timestamptz,
    until timestamptz,
    PRIMARY KEY (reviewer, slot)
) WITH (fillfactor = 20);

COMMENT ON TABLE seats IS
    'Permanent rows, slot 0 current and 1 next; only the key is indexed, so that a lease is a HOT update.';

CREATE TABLE decisions (
    decision_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    case_id bigint NOT NULL REFERENCES cases,
    cycle smallint NOT NULL,
    stage smallint NOT NULL CHECK (stage IN (1, 2, 3)),
    reviewer bigint NOT NULL REFERENCES accounts,
    verdict text NOT NULL CHECK (verdict IN ('release', 'inspect', 'escalate', 'rescan')),
    reason_codes text[] NOT NULL DEFAULT '{}',
    note text NOT NULL DEFAULT '',
    token bigint NOT NULL,
    shown_at timestamptz NOT NULL,
    decided_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    UNIQUE (case_id, cycle, stage)
);

CREATE INDEX decisions_time ON decisions (decided_at);

CREATE TABLE decision_marks (
    case_id bigint NOT NULL,
    cycle smallint NOT NULL,
    stage smallint NOT NULL,
    annotations jsonb NOT NULL,
    finding_votes jsonb NOT NULL,
    PRIMARY KEY (case_id, cycle, stage),
    FOREIGN KEY (case_id, cycle, stage) REFERENCES decisions (case_id, cycle, stage)
);

COMMENT ON TABLE decision_marks IS
    'What a person drew and thought of each finding; apart, so that the hot row carries no JSON.';

CREATE TABLE dispositions (
    scan_id text NOT NULL REFERENCES scans,
    cycle smallint NOT NULL,
    disposition text NOT NULL CHECK (disposition IN ('release', 'inspect', 'rescan')),
    source text NOT NULL CHECK (source IN ('screening', 'review')),
    decided_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (scan_id, cycle)
);

CREATE INDEX dispositions_time ON dispositions (decided_at);

CREATE TABLE outbox (
    outbox_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    station_id text NOT NULL REFERENCES stations,
    scan_id text NOT NULL,
    cycle smallint NOT NULL,
    tries smallint NOT NULL DEFAULT 0,
    next_at timestamptz NOT NULL DEFAULT now(),
    delivered_at timestamptz,
    abandoned_at timestamptz,
    last_error text,
    FOREIGN KEY (scan_id, cycle) REFERENCES dispositions (scan_id, cycle),
    UNIQUE (scan_id, cycle)
);

CREATE INDEX outbox_due ON outbox (next_at) WHERE delivered_at IS NULL AND abandoned_at IS NULL;

CREATE TABLE audit (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    actor text NOT NULL,
    event text NOT NULL,
    scan_id text,
    case_id bigint,
    cycle smallint,
    stage smallint,
    slot smallint,
    token bigint,
    rank bigint,
    verdict text,
    detail text
);

COMMENT ON COLUMN audit.actor IS 'account:<id>, station:<id>, or system:<part>.';

CREATE INDEX audit_case ON audit (case_id, seq) WHERE case_id IS NOT NULL;

CREATE TABLE rank_secrets (
    day date PRIMARY KEY,
    secret bytea NOT NULL CHECK (octet_length(secret) = 32),
    commitment bytea NOT NULL CHECK (octet_length(commitment) = 32),
    created_at timestamptz NOT NULL DEFAULT now(),
    revealed_at timestamptz
);

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;

CREATE FUNCTION queue_abort(reason text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%', reason USING ERRCODE = 'SXQ01';
END $$;

COMMENT ON FUNCTION queue_abort IS
    'Called by a queue move that would lose a case, so that its one statement rolls itself back.';

CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TRIGGER decisions_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON decisions
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TRIGGER screenings_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON screenings
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TRIGGER dispositions_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON dispositions
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
"""


def upgrade() -> None:
    """Create every table of the first slice."""
    execute_script(SQL)
