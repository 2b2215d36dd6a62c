"""One dead letter, decided again in one transaction."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, case, delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.agents.classing import UNCLASSED, Classes
from domain.checkpoint import Checkpoint
from domain.errors import Fenced, RebuildError
from domain.events import Entry, Generation, Offset
from domain.generations import BUILDING
from domain.letters import Letter, Retried, digest
from domain.moments import Judge
from domain.page_rules import NO_RULES, PageRules
from domain.projection import Delta, Fold
from rows.aggregates.marks import moved_to
from rows.checkpoints import read_checkpoint, read_positions
from rows.fold.letters import of_partition
from rows.fold.lists import note_list
from rows.fold.store import SqlProjectionStore
from rows.tables import checkpoints, dead_letters, generations

COUNTED = ("live", "previous")
"""States of generations whose rows are read now, or are kept to be."""
# Under no epoch: whoever folds it claims it again, and so reads its totals and positions anew.
_UNCLAIMED = 0
# The fold remembers these as if they were counted: no repetition of them is a letter, or counted.
_KNOWN_TO_FOLD = ("clock", "database")


class StillSetAside(Exception):
    """It cannot be counted now either; says why."""


def decided(
    entry: Entry,
    judge: Judge,
    rules: PageRules = NO_RULES,
    views: int = 0,
    classes: Classes = UNCLASSED,
) -> Delta:
    """What it adds to a total of `views`. Raises `StillSetAside`, or `UnknownFormat`.

    Without what is known of producers: what was counted since says nothing of this one.
    """
    fold = Fold({}, rules, views=views, judge=judge, classes=classes)
    fold.add(entry)
    if fold.delta.dead_letters:
        raise StillSetAside(fold.delta.dead_letters[0].reason)
    return fold.delta


class Retry:
    """One letter, decided again in one transaction."""

    def __init__(
        self,
        store: SqlProjectionStore,
        connection: AsyncConnection,
        letter: Letter,
        body: bytes,
        judge: Judge,
        searched: Offset | None,
        repeated: bool,
    ) -> None:
        self._store = store
        self._connection = connection
        self._letter = letter
        self._entry = Entry(letter.offset, body)
        self._judge = judge
        self._searched = searched
        self._repeated = repeated

    async def everywhere(self) -> Retried:
        """In each generation that has set it aside; what became of it in the live one."""
        totals = (0, 0)
        await note_list(
            self._connection, generations.c.state.in_(COUNTED), self._store.classes.version
        )
        for info in await self._infos():
            delta = await self._in(info)
            if info.state == "live" and delta is not None:
                totals = delta.events, delta.views
        return Retried(self._letter.partition, self._letter.offset, *totals)

    async def _infos(self) -> Sequence[Any]:
        """Their rows, held: none becomes live or goes meanwhile."""
        found = await self._connection.execute(
            select(generations)
            .where(generations.c.state.in_((*COUNTED, *BUILDING)))
            .order_by(generations.c.generation)
            .with_for_update(read=True)
        )
        infos = found.all()
        for info in infos:
            if info.state in BUILDING:
                raise RebuildError(
                    f"generation {info.generation} is being built by footfall {info.purpose}: run "
                    "that to its end, or footfall replay --abandon, then try again"
                )
        return infos

    async def _in(self, info: Any) -> Delta | None:
        found = await self._connection.execute(
            select(checkpoints)
            .where(of_partition(checkpoints, info.generation, self._letter.partition))
            .with_for_update()
        )
        row = found.one_or_none()
        if row is None:
            return None
        checkpoint = read_checkpoint(row)
        live = info.state == "live"
        if live and self._searched not in (None, checkpoint.next_offset):
            raise Fenced(f"partition {checkpoint.partition}: more was folded meanwhile")
        if not await self._remove(info.generation):
            return None
        delta = Delta()
        if not self._repeated:
            rules, classes = PageRules(info.page_rules), self._store.classes
            delta = decided(self._entry, self._judge, rules, checkpoint.views, classes)
        await self._add(checkpoint, delta, live=live)
        return delta

    async def _remove(self, generation: Generation) -> bool:
        """It, and those of the same bytes: one of them counts. False where it is gone already."""
        found = await self._connection.execute(
            delete(dead_letters)
            .where(of_partition(dead_letters, generation, self._letter.partition), self._alike())
            .returning(dead_letters.c.log_offset)
        )
        return self._letter.offset in set(found.scalars())

    def _alike(self) -> ColumnElement[bool]:
        columns, body = dead_letters.c, self._entry.body
        same = case(
            (columns.digest.is_(None), columns.body == body), else_=columns.digest == digest(body)
        )
        return or_(columns.log_offset == self._letter.offset, same)

    async def _add(self, checkpoint: Checkpoint, delta: Delta, *, live: bool) -> None:
        values: dict[str, Any] = {
            "events": checkpoints.c.events + delta.events,
            "views": checkpoints.c.views + delta.views,
        }
        if live:
            values |= moved_to(_UNCLAIMED)
        await self._connection.execute(
            update(checkpoints)
            .where(of_partition(checkpoints, checkpoint.generation, checkpoint.partition))
            .values(values)
        )
        delta.positions = await self._news_of(checkpoint, delta)
        await self._store.add_late(self._connection, checkpoint, delta)

    async def _news_of(self, checkpoint: Checkpoint, delta: Delta) -> dict[str, Any]:
        """The positions that are not known, or not that far."""
        if self._letter.kind in _KNOWN_TO_FOLD:
            return {}
        known: Mapping[str, Any] = await read_positions(self._connection, checkpoint)
        return {
            producer: position
            for producer, position in delta.positions.items()
            if producer not in known or known[producer].offset < position.offset
        }
