"""A screening's word on each line of the declaration."""

from app.migrations.script import execute_script

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

SQL = """
ALTER TABLE screenings ADD COLUMN line_checks text[]
    CHECK (line_checks <@ ARRAY['agrees', 'disagrees', 'unknown']);

COMMENT ON COLUMN screenings.line_checks IS
    'Whether the cargo agrees with each line of the declaration, in their order; null if not checked.';
"""


def upgrade() -> None:
    """Add the column."""
    execute_script(SQL)
