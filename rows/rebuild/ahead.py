"""What one of two generations has folded more than the other, by page and hour."""

from collections.abc import AsyncIterator, Mapping

from sqlalchemy import BigInteger, Column, MetaData, Table, Text, select
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.schema import CreateTable

from domain.checkpoint import Checkpoint, at_start
from domain.errors import LogUnavailable
from domain.events import Generation, Offset, Partition
from domain.generations import Carry, GenerationInfo
from domain.page_rules import PageRules
from domain.ports.log import LogReader, Subscription
from domain.positions import Position
from domain.projection import Fold, RowKey
from rows.checkpoints import read_checkpoints, read_positions
from rows.layout import Layout
from rows.live import read_carried_from
from rows.tables import HOUR, checkpoints, dead_letters

_TAKE_ENTRIES = 100
_PATIENCE_SECONDS = 10.0
_PIECE_ROWS = 100_000

_AHEAD = Table(
    "ahead",
    MetaData(),
    Column("page", Text),
    Column("view_hour", HOUR),
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
) -> None:
    """Make the temporary table `ahead`: for each partition where a side is behind, what it lacks.

    The log is read as that side would fold it, so that both sides with it stand at one vector of
    offsets.
    """
    await connection.execute(CreateTable(_AHEAD))
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
        ahead = _Ahead(positions, PageRules(info.page_rules), carry, refused)
        async with log.subscribe(partition, late.next_offset) as subscription:
            async for rows in ahead.fold(subscription, until):
                pieces = [(key[0], key[1], *_side(rows[key], info is new)) for key in rows]
                await layout.fill_ahead(connection, pieces)


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
    ) -> None:
        self._positions = dict(positions)
        self._refused = refused
        self._rules = rules
        self._carry = carry

    async def fold(
        self, subscription: Subscription, until: Offset
    ) -> AsyncIterator[Mapping[RowKey, int]]:
        """The rows of the entries below `until`, piece by piece."""
        next_offset = Offset(0)
        while next_offset < until:
            fold = Fold(self._positions, self._rules, self._carry)
            while next_offset < until and len(fold.delta.rows) < _PIECE_ROWS:
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
            if fold.delta.rows:
                yield fold.delta.rows


def _side(views: int, is_new: bool) -> tuple[int, int]:
    return (views, 0) if is_new else (0, views)
