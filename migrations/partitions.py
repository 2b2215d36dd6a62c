"""The partitions of the embedded log: what streams are to the broker."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from migrations.database import transaction

_DECLARE = text(
    "INSERT INTO log_ends (partition, next_offset) VALUES (:partition, 0) ON CONFLICT DO NOTHING"
)


async def declare_partitions(engine: AsyncEngine, partitions: int) -> None:
    """Create the partitions that are missing in the log file."""
    async with transaction(engine) as connection:
        await connection.execute(_DECLARE, [{"partition": p} for p in range(partitions)])
