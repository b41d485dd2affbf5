"""Several containers in one picture: a truck may carry two."""

from app.migrations.script import execute_script

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

SQL = """
DROP INDEX scans_container;

ALTER TABLE scans ALTER COLUMN container_no TYPE text[] USING array_remove(ARRAY[container_no], NULL);

ALTER TABLE scans RENAME COLUMN container_no TO container_nos;

ALTER TABLE scans ALTER COLUMN container_nos SET DEFAULT '{}', ALTER COLUMN container_nos SET NOT NULL;

COMMENT ON COLUMN scans.container_nos IS
    'All in the picture, the one that the station names first in front; in capitals, without spaces.';

COMMENT ON COLUMN scans.container_no_valid IS
    'Whether the check digits of all fit; null without any.';

CREATE INDEX scans_containers ON scans USING gin (container_nos) WITH (fastupdate = off);
"""


def upgrade() -> None:
    """Apply."""
    execute_script(SQL)
