"""How the rows of a generation lie in the database: the one place that chooses by its kind."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from domain.counting import RowKey
from domain.errors import StoreUnavailable
from domain.events import Epoch, Generation, Hour
from domain.retention import ExpiredRows
from rows.database import is_postgresql
from rows.postgresql.layout import LayoutByMonth
from rows.sqlite.layout import LayoutInOneTable


class ExpiryLayout(Protocol):
    """How rows go whose time is over."""

    async def prepare(self, generation: Generation, now_ms: int) -> None:
        """What the rows of the next weeks need is there when this returns."""

    def gone_before(self, horizon: Hour) -> Hour:
        """Rows of hours before this one may have been dropped under `horizon`, none of later."""

    async def expired(self, generation: Generation, horizon: Hour) -> Sequence[ExpiredRows]:
        """What `expire` would drop."""

    async def waiting(self, generation: Generation, horizon: Hour) -> int:
        """Rows that are past but can only go later, together with others."""

    def expire(
        self, epoch: Epoch, generation: Generation, horizon: Hour
    ) -> AsyncIterator[ExpiredRows]:
        """Part by part, under the job's epoch. Can be repeated after any end."""


class Layout(Protocol):
    """What differs between databases about rows. Raises `StoreUnavailable`."""

    @property
    def expiry(self) -> ExpiryLayout: ...

    async def create(self, connection: AsyncConnection, generation: Generation) -> None:
        """A new generation may be loaded once this is committed."""

    async def prepare(
        self, generation: Generation, hours: Iterable[Hour], *, loading: bool = False
    ) -> None:
        """What must stand before a transaction adds rows of `hours`, or loads them.

        Raises `Fenced` where the generation is dropped.
        """

    def misplaced(self, error: StoreUnavailable) -> bool:
        """Was there no place any more for rows that were prepared for? Then prepare again."""

    async def add(
        self, connection: AsyncConnection, generation: Generation, rows: Mapping[RowKey, int]
    ) -> None:
        """Views are added to those that stand there."""

    async def load(
        self, connection: AsyncConnection, generation: Generation, rows: Mapping[RowKey, int]
    ) -> None:
        """As `add`, the quickest way there is into a generation that nobody reads yet.

        A row may then stand there in several parts; `finish` adds them up.
        """

    async def finish(self, generation: Generation) -> None:
        """What was loaded can be read. Can be repeated, by more than one at a time."""

    async def targets(
        self, connection: AsyncConnection, generation: Generation, hours: Sequence[Hour]
    ) -> Sequence[tuple[str, Hour, Hour]]:
        """The tables that sorted `hours` are loaded into: name, first hour, end of the hours."""

    async def views(self, connection: AsyncConnection, generation: Generation) -> int:
        """All views in the rows; exact while they are `standing`."""

    def standing(self) -> AbstractAsyncContextManager[None]:
        """No table with rows comes or goes meanwhile. Before a snapshot, which sees no later."""

    async def remove(self, generation: Generation) -> None:
        """Without holding up anybody who reads or writes others. Can be repeated."""

    async def fill_ahead(
        self, connection: AsyncConnection, rows: Sequence[tuple[str, Hour, int, int, int]]
    ) -> None:
        """Many rows into the temporary table `ahead`: page, hour, slot, new views, old views."""


def layout_of(engine: AsyncEngine) -> Layout:
    """The layout in the database of `engine`."""
    if is_postgresql(engine.dialect):
        return LayoutByMonth(engine)
    return LayoutInOneTable(engine)
