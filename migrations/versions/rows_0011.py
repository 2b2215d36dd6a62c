"""What is counted beside pages, and which pages of strangers are known.

Only adds: an older Footfall goes on working. It counts pages, and nothing beside them.
"""

import sqlalchemy as sa
from alembic import op

revision = "rows_0011"
down_revision = "rows_0010"
branch_labels = None
depends_on = None

BIG = sa.BigInteger()
NAME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
HOUR = sa.Integer().with_variant(sa.DateTime(timezone=True), "postgresql")


def upgrade() -> None:
    op.create_table(
        "dimension_views",
        sa.Column("generation", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("dimension", sa.SmallInteger(), primary_key=True, autoincrement=False),
        sa.Column("site", NAME, primary_key=True),
        sa.Column("view_hour", HOUR, primary_key=True, autoincrement=False),
        sa.Column("partition", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("value", NAME, primary_key=True),
        sa.Column("agent", sa.SmallInteger(), primary_key=True, autoincrement=False),
        sa.Column("views", BIG, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "dimension_months",
        sa.Column("generation", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("dimension", sa.SmallInteger(), primary_key=True, autoincrement=False),
        sa.Column("month", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("site", NAME, primary_key=True),
        sa.Column("value", NAME, primary_key=True),
        sa.Column("agent", sa.SmallInteger(), primary_key=True, autoincrement=False),
        *(sa.Column(f"d{day:02}", BIG) for day in range(1, 32)),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "new_pages",
        sa.Column("generation", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("partition", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("page", NAME, primary_key=True),
        sa.Column("first_hour", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("last_hour", sa.Integer(), nullable=False),
        sa.Column("site", NAME, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "new_pages_by_hour", "new_pages", ["generation", "partition", "first_hour", "site"]
    )
    for name in ("dimension_views", "other_pages", "other_values"):
        op.add_column("checkpoints", sa.Column(name, BIG, nullable=False, server_default="0"))
    for name in ("carried_dimension_views", "expired_dimension_views"):
        op.add_column("generations", sa.Column(name, BIG, nullable=False, server_default="0"))
    op.execute("INSERT INTO compatibility (revision, oldest) VALUES ('rows_0011', 'rows_0001')")
