"""What keeps a partition from being folded, as its owner says."""

import sqlalchemy as sa
from alembic import op

revision = "rows_0004"
down_revision = "rows_0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "troubles",
        sa.Column("partition", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("owner", sa.String(128), nullable=False),
        sa.Column("stopped", sa.Boolean(), nullable=False),
        sa.Column("since_ms", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
    )
    op.execute("INSERT INTO compatibility (revision, oldest) VALUES ('rows_0004', 'rows_0001')")
