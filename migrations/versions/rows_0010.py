"""By which lists viewers were classed, and of which kind a partition is.

Only adds: an older Footfall goes on working. What it folds has no class, and it lists no other kind
of partition than the one there is.
"""

import sqlalchemy as sa
from alembic import op

revision = "rows_0010"
down_revision = "rows_0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "generations", sa.Column("agent_lists", sa.Text(), nullable=False, server_default="")
    )
    op.add_column(
        "leases", sa.Column("kind", sa.String(16), nullable=False, server_default="pages")
    )
    op.execute("INSERT INTO compatibility (revision, oldest) VALUES ('rows_0010', 'rows_0001')")
