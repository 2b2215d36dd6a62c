"""What the fold remembers of a producer's batches, and how often it was needed.

Only adds: an older Footfall goes on working.
"""

import sqlalchemy as sa
from alembic import op

revision = "rows_0006"
down_revision = "rows_0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # An older Footfall moves a position and leaves this as it was: it holds the offset it is of.
    op.add_column("producer_positions", sa.Column("recent", sa.LargeBinary()))
    for name in ("duplicates", "forks", "jumps"):
        op.add_column(
            "checkpoints", sa.Column(name, sa.BigInteger(), nullable=False, server_default="0")
        )
    op.execute("INSERT INTO compatibility (revision, oldest) VALUES ('rows_0006', 'rows_0001')")
