"""Of which kind a partition of the embedded log is, and which programs understand its file.

Only adds: an older Footfall goes on appending and reading.
"""

import sqlalchemy as sa
from alembic import op

revision = "log_0002"
down_revision = "log_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("log_ends", sa.Column("kind", sa.Text(), nullable=False, server_default="pages"))
    op.create_table(
        "compatibility",
        sa.Column("revision", sa.String(32), primary_key=True),
        sa.Column("oldest", sa.String(32), nullable=False),
    )
    op.execute("INSERT INTO compatibility (revision, oldest) VALUES ('log_0002', 'log_0001')")
