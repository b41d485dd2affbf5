"""What opening a box found; and what a person drew stays as it is."""

from app.migrations.script import execute_script

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

SQL = """
CREATE TABLE inspection_outcomes (
    scan_id text NOT NULL REFERENCES scans,
    cycle smallint NOT NULL,
    revision smallint NOT NULL CHECK (revision > 0),
    result text NOT NULL CHECK (result IN ('found', 'nothing')),
    kinds text[] NOT NULL DEFAULT '{}' CHECK (result = 'found' OR kinds = '{}'),
    note text NOT NULL DEFAULT '',
    inspected_at timestamptz NOT NULL,
    reported_by text NOT NULL,
    reported_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (scan_id, cycle, revision),
    FOREIGN KEY (scan_id, cycle) REFERENCES dispositions (scan_id, cycle)
);

COMMENT ON TABLE inspection_outcomes IS
    'The highest revision counts; one that turned out wrong is followed by another, and stays.';

COMMENT ON COLUMN inspection_outcomes.kinds IS
    'What was found, in the words that findings use where there is one.';

COMMENT ON COLUMN inspection_outcomes.reported_by IS 'An actor, as in the audit trail.';

CREATE INDEX inspection_outcomes_time ON inspection_outcomes (reported_at);

CREATE TRIGGER inspection_outcomes_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON inspection_outcomes
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TRIGGER decision_marks_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON decision_marks
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
"""


def upgrade() -> None:
    """Add the table, and guard the marks."""
    execute_script(SQL)
