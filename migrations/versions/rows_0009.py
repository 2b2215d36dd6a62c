"""Days, months and the hours of sites, added up beside the hourly rows, and which of them are true.

Only adds. An older projector goes on, and marks nothing: `checkpoints.marked_epoch` tells.
"""

import sqlalchemy as sa
from alembic import op

revision = "rows_0009"
down_revision = "rows_0008"
branch_labels = None
depends_on = None

BIG = sa.BigInteger()
NAME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "rolled_months",
        sa.Column("generation", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("month", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("rolled", BIG, nullable=False),
        sa.Column("due", BIG, nullable=False),
        sa.Column("building", BIG, nullable=False),
        sa.Column("whole", sa.Boolean(), nullable=False),
    )
    op.create_table(
        "rollup_generations",
        sa.Column("generation", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("listed", sa.Boolean(), nullable=False),
    )
    _wide("page_months", "page", "month", "d", range(1, 32))
    _wide("page_years", "page", "year", "m", range(1, 13))
    _wide("site_days", "site", "day", "h", range(24))
    # None of its owners is known to mark; a projector that does says so as it claims.
    op.add_column(
        "checkpoints", sa.Column("marked_epoch", BIG, nullable=False, server_default="-1")
    )
    op.execute("INSERT INTO compatibility (revision, oldest) VALUES ('rows_0009', 'rows_0001')")


def _wide(table: str, name: str, time: str, letter: str, parts: range) -> None:
    op.create_table(
        table,
        sa.Column("generation", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column(time, sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column(name, NAME, primary_key=True),
        sa.Column("agent", sa.SmallInteger(), primary_key=True, autoincrement=False),
        *(sa.Column(f"{letter}{part:02}", BIG) for part in parts),
        # By its key, as the hourly rows: one copy of the names instead of two.
        sqlite_with_rowid=False,
    )
