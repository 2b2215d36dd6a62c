"""Receipts against the live generation: one statement at a time, for all who ask meanwhile."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import BigInteger, String, cast, literal, null, select
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.errors import StoreUnavailable
from domain.events import Partition
from domain.ports.receipts import Receipts
from domain.receipts import Receipt, Taken, is_folded
from rows.database import database_errors
from rows.live import LIVE
from rows.reports.watermark import now_ms
from rows.tables import checkpoints, producer_positions

SECONDS = 5.0
"""Nobody is kept longer, whatever the database does."""
AT_ONCE = 20
"""Receipts in a statement: so many of the longest stay below the 32,766 values that it may have."""

_COMPLETE = select(
    checkpoints.c.partition,
    cast(null(), String).label("producer"),
    checkpoints.c.complete_ms.label("number"),
    now_ms().label("now_ms"),
).where(checkpoints.c.generation == LIVE)
_SEQUENCES = select(
    producer_positions.c.partition,
    producer_positions.c.producer,
    producer_positions.c.sequence,
    cast(literal(0), BigInteger),
).where(producer_positions.c.generation == LIVE)


class _Folded(NamedTuple):
    """How far the live generation is."""

    sequences: Taken
    complete_ms: Mapping[Partition, int]


class SqlReceipts(Receipts):
    """In PostgreSQL or SQLite, over one connection however many wait."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._asked: list[tuple[Receipt, asyncio.Future[bool]]] = []
        self._asking: asyncio.Task[None] | None = None

    async def folded(self, receipt: Receipt) -> bool:
        if not receipt.taken:
            return True
        answer: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._asked.append((receipt, answer))
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._ask_all(), name="receipts")
        try:
            async with asyncio.timeout(SECONDS):
                return await answer
        except TimeoutError as error:
            raise StoreUnavailable(f"the database: no answer within {SECONDS:g} s") from error

    async def _ask_all(self) -> None:
        while self._asked:
            asked, self._asked = self._asked[:AT_ONCE], self._asked[AT_ONCE:]
            # Who does not wait any more asks nothing.
            waiting = [(receipt, answer) for receipt, answer in asked if not answer.done()]
            if waiting:
                await self._answer(waiting)

    async def _answer(self, asked: Sequence[tuple[Receipt, "asyncio.Future[bool]"]]) -> None:
        try:
            found = await self._read([receipt for receipt, _ in asked])
        except StoreUnavailable as error:
            # Each of them tells it to its client.
            for _, answer in asked:
                if not answer.done():
                    answer.set_exception(error)
        else:
            for receipt, answer in asked:
                if not answer.done():
                    answer.set_result(is_folded(receipt, *found))

    async def _read(self, receipts: Sequence[Receipt]) -> _Folded:
        keys = {key for receipt in receipts for key in receipt.taken}
        partitions = sorted({partition for partition, _ in keys})
        producers = sorted({producer for _, producer in keys})
        # Of one moment: between two statements another generation could become live.
        statement = _COMPLETE.where(checkpoints.c.partition.in_(partitions)).union_all(
            _SEQUENCES.where(
                producer_positions.c.partition.in_(partitions),
                producer_positions.c.producer.in_(producers),
            )
        )
        async with database_errors(), self._engine.connect() as connection:
            rows = (await connection.execute(statement)).all()
        sequences: dict[tuple[Partition, str], int] = {}
        complete_ms: dict[Partition, int] = {}
        for row in rows:
            if row.producer is not None:
                sequences[row.partition, row.producer] = row.number
            elif row.number <= row.now_ms:
                # A clock that was set back had said more than it can hold now.
                complete_ms[row.partition] = row.number
        return _Folded(sequences, complete_ms)
