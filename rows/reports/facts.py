"""The facts behind the metrics, from PostgreSQL or SQLite."""

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.checkpoint import Checkpoint
from domain.events import Epoch, Generation, Offset, Partition
from domain.reports import AuditResult, Facts
from rows.database import database_errors
from rows.tables import audits, checkpoints, dead_letters, generations, retention

_LIVE = select(generations.c.generation).where(generations.c.state == "live").scalar_subquery()


class SqlMetricsReader:
    """Small tables only: cheap enough for every scrape."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def facts(self) -> Facts:
        """Raises `StoreUnavailable`."""
        async with database_errors(), self._engine.connect() as connection:
            one = await connection.execute(
                select(
                    _LIVE,
                    select(retention.c.horizon).scalar_subquery(),
                    select(func.count())
                    .select_from(dead_letters)
                    .where(dead_letters.c.generation == _LIVE)
                    .scalar_subquery(),
                )
            )
            generation, horizon, letters = one.one()
            folded = await connection.execute(
                select(checkpoints)
                .where(checkpoints.c.generation == generation)
                .order_by(checkpoints.c.partition)
            )
            results = await connection.execute(
                select(audits).order_by(audits.c.generation, audits.c.kind)
            )
            return Facts(
                generation=generation,
                horizon_hour=horizon,
                dead_letters=letters,
                checkpoints=[_checkpoint(row._asdict()) for row in folded],
                audits=[AuditResult(**row._asdict()) for row in results],
            )


def _checkpoint(row: dict[str, int]) -> Checkpoint:
    return Checkpoint(
        generation=Generation(row["generation"]),
        partition=Partition(row["partition"]),
        next_offset=Offset(row["next_offset"]),
        epoch=Epoch(row["epoch"]),
        events=row["events"],
        views=row["views"],
        recorded_ms=row["recorded_ms"],
    )
