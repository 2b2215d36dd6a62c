"""Which Footfall a projector is, and which programs understand a version of the tables.

Only adds: a Footfall 0.2.0 goes on working.
"""

import sqlalchemy as sa
from alembic import op

revision = "rows_0003"
down_revision = "rows_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "projector_versions",
        sa.Column("owner", sa.String(128), primary_key=True),
        sa.Column("version", sa.String(32), nullable=False),
    )
    op.create_table(
        "compatibility",
        sa.Column("revision", sa.String(32), primary_key=True),
        sa.Column("oldest", sa.String(32), nullable=False),
    )
    op.execute("INSERT INTO compatibility (revision, oldest) VALUES ('rows_0003', 'rows_0001')")
    # Everybody takes the leases anew. 0.2.0 claims what it takes; a 0.1.0 that was left running
    # cannot, and is known by that. Rows somebody has locked are being given back just now.
    postgresql = op.get_bind().dialect.name == "postgresql"
    free = "SELECT partition FROM leases" + (" FOR UPDATE SKIP LOCKED" if postgresql else "")
    op.execute(f"UPDATE leases SET owner = NULL, expires_ms = 0 WHERE partition IN ({free})")
