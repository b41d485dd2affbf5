"""Seals are found by the transactions they cover and by their time: for whoever searches the trail.

Revision ID: 0003
"""

from app.migrations.script import execute_script

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

SQL = """
CREATE INDEX seals_covered ON seals (to_xid);

CREATE INDEX seals_time ON seals (sealed_at);
"""


def upgrade() -> None:
    """Add the indexes. A seal is made once a second at most: they cost the trail itself nothing."""
    execute_script(SQL)
