"""What a database says of its own tables: two that agree here were made alike."""

from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

# In the order of the columns: places that dropped columns left do not count.
_POSTGRESQL = (
    """
    SELECT c.relname, c.relkind::text, row_number() OVER (PARTITION BY c.oid ORDER BY a.attnum),
           a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
           coalesce(l.collname, ''), coalesce(pg_get_expr(d.adbin, d.adrelid), '')
    FROM pg_class AS c
    JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    LEFT JOIN pg_collation AS l ON l.oid = a.attcollation
    LEFT JOIN pg_attrdef AS d ON d.adrelid = c.oid AND d.adnum = a.attnum
    WHERE c.relnamespace = 'public'::regnamespace
    """,
    "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'",
    """
    SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid), convalidated
    FROM pg_constraint WHERE connamespace = 'public'::regnamespace
    """,
    """
    SELECT c.relname, coalesce(pg_get_partkeydef(c.oid), ''),
           coalesce(pg_get_expr(c.relpartbound, c.oid), '')
    FROM pg_class AS c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
    """,
    "SELECT viewname, definition FROM pg_views WHERE schemaname = 'public'",
)
_SQLITE = ("SELECT type, name, tbl_name, sql FROM sqlite_master",)


async def catalog(engine: AsyncEngine) -> list[tuple[Any, ...]]:
    """Tables, columns in their order, types, defaults, keys, indexes, partitions, views."""
    statements = _POSTGRESQL if engine.dialect.name == "postgresql" else _SQLITE
    found: list[tuple[Any, ...]] = []
    async with engine.connect() as connection:
        for statement in statements:
            rows = await connection.execute(text(statement))
            # SQLite keeps the words of whoever wrote the statement.
            found += sorted(tuple(" ".join(str(v).split()) for v in row) for row in rows)
    return found
