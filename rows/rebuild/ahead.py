"""What one of two generations has folded more than the other, by page, hour and slot."""

from collections.abc import AsyncIterator, Mapping

from sqlalchemy import BigInteger, Column, MetaData, SmallInteger, Table, Text, select
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.schema import CreateTable

from domain.agents.classing import Classes
from domain.checkpoint import Checkpoint, at_start
from domain.errors import LogUnavailable
from domain.events import Generation, Offset, Partition
from domain.generations import Carry, GenerationInfo
from domain.page_rules import PageRules
from domain.ports.log import LogReader, Subscription
from domain.positions import Position
from domain.projection import Delta, Fold
from rows.checkpoints import read_checkpoints, read_positions
from rows.fold.beside import Lacking
from rows.layout import Layout
from rows.live import read_carried_from
from rows.rebuild.dimensions import create_ahead, fill_ahead_beside
from rows.tables import HOUR, checkpoints, dead_letters

_TAKE_ENTRIES = 100
_PATIENCE_SECONDS = 10.0
_PIECE_ROWS = 100_000

_AHEAD = Table(
    "ahead",
    MetaData(),
    Column("page", Text),
    Column("view_hour", HOUR),
    Column("shard", SmallInteger),
    Column("new_views", BigInteger),
    Column("old_views", BigInteger),
    prefixes=["TEMPORARY"],
)


async def fill_ahead(
    connection: AsyncConnection,
    layout: Layout,
    log: LogReader,
    new: GenerationInfo,
    old: GenerationInfo,
    classes: Classes,
) -> None:
    """Make the temporary table `ahead`: for each partition where a side is behind, what it lacks.

    The log is read as that side would fold it, so that both sides with it stand at one vector of
    offsets.
    """
    await connection.execute(CreateTable(_AHEAD))
    await create_ahead(connection)
    news = await read_checkpoints(connection, new.generation)
    olds = await read_checkpoints(connection, old.generation)
    carried = await _carried_offsets(connection)
    for partition in sorted({*news, *olds}):
        ours = news.get(partition) or at_start(new.generation, partition)
        theirs = olds.get(partition) or at_start(old.generation, partition)
        late, info = (ours, new) if ours.next_offset < theirs.next_offset else (theirs, old)
        until = max(ours.next_offset, theirs.next_offset)
        if late.next_offset == until:
            continue
        before, offset = info.carried_before, carried.get((info.generation, partition), 0)
        carry = None
        if before is not None:
            carry = Carry(
                before, Offset(offset), await read_carried_from(connection, info.generation)
            )
        early = theirs if late is ours else ours
        refused = await _dead_letters(connection, early, late.next_offset)
        positions = await read_positions(connection, late)
        ahead = _Ahead(positions, PageRules(info.page_rules), carry, refused, classes)
        lacking = Lacking(connection, late)
        async with log.subscribe(partition, late.next_offset) as subscription:
            async for delta in ahead.fold(subscription, until):
                rows, beside = await lacking.settled(delta)
                pieces = [(*key, *_side(rows[key], info is new)) for key in rows]
                if pieces:
                    await layout.fill_ahead(connection, pieces)
                await fill_ahead_beside(connection, beside, is_new=info is new)


async def _carried_offsets(
    connection: AsyncConnection,
) -> Mapping[tuple[Generation, Partition], Offset]:
    found = await connection.execute(
        select(checkpoints.c.generation, checkpoints.c.partition, checkpoints.c.carried_offset)
    )
    return {(Generation(g), Partition(p)): Offset(offset) for g, p, offset in found}


async def _dead_letters(
    connection: AsyncConnection, early: Checkpoint, first: Offset
) -> Mapping[Offset, str | None]:
    """What the side that is ahead could not count since `first`, and what decided it; the other
    will not either.
    """
    letters = dead_letters.c
    found = await connection.execute(
        select(letters.log_offset, letters.kind).where(
            letters.generation == early.generation,
            letters.partition == early.partition,
            letters.log_offset >= first,
        )
    )
    return {Offset(offset): kind for offset, kind in found}


class _Ahead:
    """Folds a stretch of the log in pieces that fit in memory."""

    def __init__(
        self,
        positions: Mapping[str, Position],
        rules: PageRules,
        carry: Carry | None,
        refused: Mapping[Offset, str | None],
        classes: Classes,
    ) -> None:
        self._classes = classes
        self._positions = dict(positions)
        self._refused = refused
        self._rules = rules
        self._carry = carry

    async def fold(self, subscription: Subscription, until: Offset) -> AsyncIterator[Delta]:
        """What the entries below `until` add, piece by piece."""
        next_offset = Offset(0)
        while next_offset < until:
            fold = Fold(self._positions, self._rules, self._carry, classes=self._classes)
            while next_offset < until and fold.delta.size < _PIECE_ROWS:
                entries = await subscription.take(_TAKE_ENTRIES, _PATIENCE_SECONDS)
                if not entries:
                    message = f"the log does not deliver offset {until - 1}, which was folded"
                    raise LogUnavailable(message)
                for entry in entries:
                    next_offset = Offset(entry.offset + 1)
                    if entry.offset >= until:
                        continue
                    if entry.offset not in self._refused:
                        fold.add(entry)
                    elif self._refused[entry.offset] in ("clock", "database"):
                        # As the fold does: what arrives again is known.
                        fold.refuse(entry, "")
            self._positions.update(fold.delta.positions)
            yield fold.delta


def _side(views: int, is_new: bool) -> tuple[int, int]:
    return (views, 0) if is_new else (0, views)
