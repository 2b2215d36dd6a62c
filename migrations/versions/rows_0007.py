"""What set a dead letter aside, how much of it is kept, and how many are only counted.

Only adds: an older Footfall goes on working.
"""

import sqlalchemy as sa
from alembic import op

revision = "rows_0007"
down_revision = "rows_0006"
branch_labels = None
depends_on = None

BIG = sa.BigInteger()


def upgrade() -> None:
    # Without a default: what an older Footfall set aside, or goes on to, does not say.
    op.add_column("dead_letters", sa.Column("kind", sa.String(16)))
    op.add_column("dead_letters", sa.Column("size", BIG))
    op.add_column("dead_letters", sa.Column("digest", sa.LargeBinary()))
    op.add_column("dead_letters", sa.Column("newest_ms", BIG))
    op.create_table(
        "dead_letters_left_out",
        sa.Column("generation", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("partition", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("letters", BIG, nullable=False),
        sa.Column("size", BIG, nullable=False),
        sa.Column("first_offset", BIG, nullable=False),
        sa.Column("last_offset", BIG, nullable=False),
        sa.Column("created_ms", BIG, nullable=False),
    )
    op.execute("INSERT INTO compatibility (revision, oldest) VALUES ('rows_0007', 'rows_0001')")
