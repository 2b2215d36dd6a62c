"""What is known of the time, and what a horizon that was moved back had dropped already.

Only adds: an older Footfall goes on working.
"""

import sqlalchemy as sa
from alembic import op

revision = "rows_0005"
down_revision = "rows_0004"
branch_labels = None
depends_on = None

BIG = sa.BigInteger()


def upgrade() -> None:
    # Tables of their own: a Footfall that does not know them goes on beside them.
    op.create_table(
        "clock",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("believed_ms", BIG, nullable=False),
        sa.Column("ahead_ms", BIG, nullable=False),
        sa.Column("watched_ms", BIG, nullable=False),
    )
    op.execute("INSERT INTO clock (id, believed_ms, ahead_ms, watched_ms) VALUES (1, 0, 0, 0)")
    op.create_table(
        "gaps",
        sa.Column("generation", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("dropped_before", sa.Integer()),
        sa.Column("carried_from", sa.Integer()),
    )
    op.execute("INSERT INTO compatibility (revision, oldest) VALUES ('rows_0005', 'rows_0001')")
