"""Why a partition is not folded, as a word beside the sentence.

Only adds: an older Footfall goes on working, and says the sentence alone.
"""

import sqlalchemy as sa
from alembic import op

revision = "rows_0012"
down_revision = "rows_0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("troubles", sa.Column("kind", sa.String(32)))
    op.execute("INSERT INTO compatibility (revision, oldest) VALUES ('rows_0012', 'rows_0001')")
