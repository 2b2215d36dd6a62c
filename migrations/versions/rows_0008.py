"""Up to which moment everything that was confirmed is folded.

Only adds: an older Footfall goes on working.
"""

import sqlalchemy as sa
from alembic import op

revision = "rows_0008"
down_revision = "rows_0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # 0: not known. An older Footfall moves a checkpoint and leaves this as it was: still true.
    for name in ("checkpoints", "generations"):
        op.add_column(
            name, sa.Column("complete_ms", sa.BigInteger(), nullable=False, server_default="0")
        )
    op.execute("INSERT INTO compatibility (revision, oldest) VALUES ('rows_0008', 'rows_0001')")
