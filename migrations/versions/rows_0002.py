"""What 0.2.0 stores and 0.1.0 did not: rebuilds, retention, audits, positions in the log.

0.2.0 wrote all of this into its first migration instead of a second. So a database that 0.2.0
created stands at rows_0001 as well and has it already: there this changes nothing. One that 0.1.0
created becomes the same, column by column.
"""

import logging

import sqlalchemy as sa
from alembic import op

from domain.errors import StoreUnavailable

revision = "rows_0002"
down_revision = "rows_0001"
branch_labels = None
depends_on = None

BIG = sa.BigInteger()
logger = logging.getLogger("migrations.rows_0002")

# Columns get the places they have where they were created, and tables keep who may read them.
GENERATIONS = (
    "ALTER TABLE generations RENAME created_ms TO created_before",
    """
    ALTER TABLE generations
        ADD purpose varchar(16) NOT NULL DEFAULT 'first',
        ADD created_ms bigint NOT NULL DEFAULT 0,
        ADD page_rules text NOT NULL DEFAULT '',
        ADD carried_before integer,
        ADD carried_views bigint NOT NULL DEFAULT 0,
        ADD expired_views bigint NOT NULL DEFAULT 0,
        ADD kept_until_ms bigint NOT NULL DEFAULT 0
    """,
    "UPDATE generations SET created_ms = created_before",
    """
    ALTER TABLE generations
        DROP created_before,
        ALTER purpose DROP DEFAULT,
        ALTER created_ms DROP DEFAULT,
        ALTER page_rules DROP DEFAULT,
        ALTER carried_views DROP DEFAULT,
        ALTER expired_views DROP DEFAULT,
        ALTER kept_until_ms DROP DEFAULT
    """,
)
POSITIONS = (
    "ALTER TABLE checkpoints ADD carried_offset bigint NOT NULL DEFAULT 0",
    "ALTER TABLE checkpoints ALTER carried_offset DROP DEFAULT",
    "ALTER TABLE producer_positions RENAME recorded_ms TO log_offset",
    # Where each stood is not known: no later than the last entry that was folded.
    """
    UPDATE producer_positions AS p SET log_offset = greatest(c.next_offset - 1, 0)
    FROM checkpoints AS c WHERE c.generation = p.generation AND c.partition = p.partition
    """,
)
# Pages are compared byte by byte: faster, and no index depends on the server's version of a
# language's order.
HOURLY_VIEWS = (
    "ALTER TABLE hourly_views DROP CONSTRAINT hourly_views_pkey",
    'ALTER TABLE hourly_views ALTER page TYPE text COLLATE "C"',
    "ALTER TABLE hourly_views ADD PRIMARY KEY (page, view_hour, shard, generation)",
)

# From the tables as they were, in SQLite, which cannot alter them like that.
COPIES = (
    """
    INSERT INTO generations (
        generation, state, purpose, created_ms, page_rules, carried_views, expired_views,
        kept_until_ms
    )
    SELECT generation, state, 'first', created_ms, '', 0, 0, 0 FROM old_generations
    """,
    """
    INSERT INTO checkpoints (
        generation, partition, next_offset, epoch, events, views, recorded_ms, carried_offset
    )
    SELECT generation, partition, next_offset, epoch, events, views, recorded_ms, 0
    FROM old_checkpoints
    """,
    """
    INSERT INTO producer_positions (generation, partition, producer, sequence, log_offset)
    SELECT generation, partition, producer, sequence, max(next_offset - 1, 0)
    FROM old_producer_positions JOIN old_checkpoints USING (generation, partition)
    """,
)


def upgrade() -> None:
    if _made_by_0_2_0():
        return
    postgresql = op.get_bind().dialect.name == "postgresql"
    if postgresql:
        # First and at once, roughly in the order in which a projector takes them.
        op.execute(
            "LOCK TABLE generations, checkpoints, producer_positions, hourly_views "
            "IN ACCESS EXCLUSIVE MODE"
        )
    _new_tables()
    if postgresql:
        _in_postgresql()
    else:
        _in_sqlite()


def _made_by_0_2_0() -> bool:
    columns = sa.inspect(op.get_bind()).get_columns("generations")
    return "page_rules" in {column["name"] for column in columns}


def _new_tables() -> None:
    op.create_table(
        "jobs",
        sa.Column("name", sa.String(32), primary_key=True),
        sa.Column("owner", sa.String(128)),
        sa.Column("epoch", BIG, nullable=False),
        sa.Column("expires_ms", BIG, nullable=False),
    )
    op.create_table(
        "retention",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("horizon", sa.Integer(), nullable=False),
    )
    # Before the year 1: nothing has expired.
    op.execute("INSERT INTO retention (id, horizon) VALUES (1, -20000000)")
    op.create_table(
        "audits",
        sa.Column("generation", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("kind", sa.String(16), primary_key=True),
        sa.Column("checked_ms", BIG, nullable=False),
        sa.Column("difference", BIG, nullable=False),
    )


def _in_postgresql() -> None:
    _refuse_dependants()
    grants = _grants()
    op.execute("DROP VIEW page_views")
    for statement in (*GENERATIONS, *POSITIONS):
        op.execute(statement)
    if megabytes := _megabytes():
        logger.warning(
            "%d MB of rows get a new key, and nobody can read or write them meanwhile", megabytes
        )
    for statement in HOURLY_VIEWS:
        op.execute(statement)
    op.execute(
        """
        CREATE VIEW page_views AS
        SELECT page, view_hour, sum(views)::bigint AS views
        FROM hourly_views
        WHERE generation = (SELECT generation FROM generations WHERE state = 'live')
          AND view_hour >= (
              SELECT timestamptz 'epoch' + make_interval(hours => horizon) FROM retention
          )
        GROUP BY page, view_hour
        """
    )
    for grant in grants:
        op.execute(grant)


def _megabytes() -> int:
    statement = """
        SELECT coalesce(sum(pg_relation_size(relid)), 0)::bigint / 1000000
        FROM pg_partition_tree('hourly_views')
    """
    return int(op.get_bind().execute(sa.text(statement)).scalar_one())


def _refuse_dependants() -> None:
    """Of a view on a column that gets another type PostgreSQL does not say the name."""
    statement = """
        SELECT DISTINCT ev_class::regclass::text
        FROM pg_depend JOIN pg_rewrite ON pg_rewrite.oid = objid
        WHERE ev_class NOT IN (refobjid, 'page_views'::regclass) AND (
            refobjid = 'page_views'::regclass
            OR refobjid IN (SELECT relid FROM pg_partition_tree('hourly_views'))
        )
        ORDER BY 1
    """
    if found := list(op.get_bind().execute(sa.text(statement)).scalars()):
        message = (
            "page_views is to be made anew, hourly_views gets a column of another type, and "
            f"{', '.join(found)} was made on them: drop that, run footfall migrate again, then "
            "make it again"
        )
        raise StoreUnavailable(message)


def _grants() -> list[str]:
    """What brings back who may read the view."""
    statement = """
        SELECT format(
            'GRANT %s ON page_views TO %s%s',
            privilege_type,
            CASE grantee WHEN 0 THEN 'PUBLIC' ELSE grantee::regrole::text END,
            CASE WHEN is_grantable THEN ' WITH GRANT OPTION' ELSE '' END
        )
        FROM pg_class, aclexplode(relacl) WHERE oid = 'page_views'::regclass
    """
    return list(op.get_bind().execute(sa.text(statement)).scalars())


def _in_sqlite() -> None:
    op.execute("DROP VIEW page_views")
    op.execute("DROP INDEX one_live_generation")
    for table in ("generations", "checkpoints", "producer_positions"):
        op.execute(f"ALTER TABLE {table} RENAME TO old_{table}")
    op.create_table(
        "generations",
        sa.Column("generation", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("purpose", sa.String(16), nullable=False),
        sa.Column("created_ms", BIG, nullable=False),
        sa.Column("page_rules", sa.Text(), nullable=False),
        sa.Column("carried_before", sa.Integer()),
        sa.Column("carried_views", BIG, nullable=False),
        sa.Column("expired_views", BIG, nullable=False),
        sa.Column("kept_until_ms", BIG, nullable=False),
    )
    op.create_table(
        "checkpoints",
        sa.Column("generation", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("partition", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("next_offset", BIG, nullable=False),
        sa.Column("epoch", BIG, nullable=False),
        sa.Column("events", BIG, nullable=False),
        sa.Column("views", BIG, nullable=False),
        sa.Column("recorded_ms", BIG, nullable=False),
        sa.Column("carried_offset", BIG, nullable=False),
    )
    op.create_table(
        "producer_positions",
        sa.Column("generation", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("partition", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("producer", sa.String(64), primary_key=True),
        sa.Column("sequence", BIG, nullable=False),
        sa.Column("log_offset", BIG, nullable=False),
    )
    for statement in COPIES:
        op.execute(statement)
    for table in ("generations", "checkpoints", "producer_positions"):
        op.execute(f"DROP TABLE old_{table}")
    op.create_index(
        "one_live_generation",
        "generations",
        ["state"],
        unique=True,
        sqlite_where=sa.text("state = 'live'"),
    )
    op.execute(
        """
        CREATE VIEW page_views AS
        SELECT page,
               strftime('%Y-%m-%d %H:00:00+00', view_hour * 3600, 'unixepoch') AS view_hour,
               sum(views) AS views
        FROM hourly_views
        WHERE generation = (SELECT generation FROM generations WHERE state = 'live')
          AND hourly_views.view_hour >= (SELECT horizon FROM retention)
        GROUP BY page, hourly_views.view_hour
        """
    )
