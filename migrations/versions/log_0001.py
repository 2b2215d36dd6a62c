"""The embedded log: entries by partition and offset, and where each partition ends."""

from alembic import op

revision = "log_0001"
down_revision = None
branch_labels = ("log",)
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE log_entries (
            partition INTEGER NOT NULL,
            log_offset INTEGER NOT NULL,
            body BLOB NOT NULL,
            PRIMARY KEY (partition, log_offset)
        )
        """
    )
    # The end survives the deletion of old entries, so that no offset is ever given twice.
    op.execute(
        "CREATE TABLE log_ends (partition INTEGER PRIMARY KEY, next_offset INTEGER NOT NULL)"
    )
