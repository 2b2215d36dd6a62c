"""Generations, rows, checkpoints, producer positions, dead letters, leases."""

import sqlalchemy as sa
from alembic import op

revision = "rows_0001"
down_revision = None
branch_labels = ("rows",)
depends_on = None

BIG = sa.BigInteger()


def upgrade() -> None:
    op.create_table(
        "generations",
        sa.Column("generation", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("created_ms", BIG, nullable=False),
    )
    op.create_index(
        "one_live_generation",
        "generations",
        ["state"],
        unique=True,
        postgresql_where=sa.text("state = 'live'"),
        sqlite_where=sa.text("state = 'live'"),
    )
    op.execute("INSERT INTO generations (generation, state, created_ms) VALUES (1, 'live', 0)")
    op.create_table(
        "checkpoints",
        sa.Column("generation", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("partition", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("next_offset", BIG, nullable=False),
        sa.Column("epoch", BIG, nullable=False),
        sa.Column("events", BIG, nullable=False),
        sa.Column("views", BIG, nullable=False),
        sa.Column("recorded_ms", BIG, nullable=False),
    )
    op.create_table(
        "producer_positions",
        sa.Column("generation", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("partition", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("producer", sa.String(64), primary_key=True),
        sa.Column("sequence", BIG, nullable=False),
        sa.Column("recorded_ms", BIG, nullable=False),
    )
    op.create_table(
        "dead_letters",
        sa.Column("generation", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("partition", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("log_offset", BIG, primary_key=True, autoincrement=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("created_ms", BIG, nullable=False),
    )
    op.create_table(
        "leases",
        sa.Column("partition", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("owner", sa.String(128)),
        sa.Column("epoch", BIG, nullable=False),
        sa.Column("expires_ms", BIG, nullable=False),
    )
    op.create_table(
        "projectors",
        sa.Column("owner", sa.String(128), primary_key=True),
        sa.Column("expires_ms", BIG, nullable=False),
    )
    if op.get_bind().dialect.name == "postgresql":
        _rows_in_postgresql()
    else:
        _rows_in_sqlite()


def _rows_in_postgresql() -> None:
    # Partitioned by generation, so that a generation is dropped whole, then by month, so that
    # expired hours are. Months are created by the projector as it meets them.
    op.execute(
        """
        CREATE TABLE hourly_views (
            generation integer NOT NULL,
            page text NOT NULL,
            view_hour timestamptz NOT NULL,
            shard smallint NOT NULL,
            views bigint NOT NULL,
            PRIMARY KEY (generation, page, view_hour, shard)
        ) PARTITION BY LIST (generation)
        """
    )
    op.execute(
        "CREATE TABLE hourly_views_g1 PARTITION OF hourly_views FOR VALUES IN (1) "
        "PARTITION BY RANGE (view_hour)"
    )
    op.execute(
        """
        CREATE VIEW page_views AS
        SELECT page, view_hour, sum(views)::bigint AS views
        FROM hourly_views
        WHERE generation = (SELECT generation FROM generations WHERE state = 'live')
        GROUP BY page, view_hour
        """
    )


def _rows_in_sqlite() -> None:
    op.execute(
        """
        CREATE TABLE hourly_views (
            generation INTEGER NOT NULL,
            page TEXT NOT NULL,
            view_hour INTEGER NOT NULL,
            shard SMALLINT NOT NULL,
            views BIGINT NOT NULL,
            PRIMARY KEY (generation, page, view_hour, shard)
        ) WITHOUT ROWID
        """
    )
    op.execute(
        """
        CREATE VIEW page_views AS
        SELECT page,
               strftime('%Y-%m-%d %H:00:00+00', view_hour * 3600, 'unixepoch') AS view_hour,
               sum(views) AS views
        FROM hourly_views
        WHERE generation = (SELECT generation FROM generations WHERE state = 'live')
        GROUP BY page, hourly_views.view_hour
        """
    )
