"""The horizon of the rows, for whoever must know it without asking: it moves once an hour."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from litestar import Litestar

from cli.wiring.process import application_name, now_ms
from domain.errors import FootfallError
from domain.events import Hour
from domain.hours import as_text
from domain.ports.retention import KeptFrom
from domain.retention import NOTHING_PAST
from domain.settings import Settings
from projector.waiting import passed
from rows.opening import Rows, open_rows

logger = logging.getLogger(__name__)

# A file costs nothing to look into.
_FILE_SECONDS = 1.0
_SERVER_SECONDS = 10.0
# Ingest starts, and goes on, without the database.
_PATIENCE_SECONDS = 2.0


class WatchedHorizon(KeptFrom):
    """The horizon as it was read last; nothing is past as long as it never could be.

    Views go to the log whether the database answers or not; that it does not is told once. Where
    this process knows of none, as ingest of its own beside RabbitMQ may not, nothing is watched.
    """

    def __init__(self, settings: Settings, role: str) -> None:
        self._settings = settings
        self._name = application_name(role)
        self._hour = NOTHING_PAST
        self._told = False

    def __call__(self) -> Hour:
        return self._hour

    @asynccontextmanager
    async def watched(self, _: Litestar) -> AsyncIterator[None]:
        """It is read again and again for the time of the block."""
        stop, read = asyncio.Event(), asyncio.Event()
        task = asyncio.create_task(self._watch(stop, read), name="horizon")
        try:
            if not await passed(read, _PATIENCE_SECONDS):
                self._unknown("the database has not answered yet")
            yield
        finally:
            stop.set()
            await asyncio.wait({task}, timeout=_PATIENCE_SECONDS)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _watch(self, stop: asyncio.Event, read: asyncio.Event) -> None:
        seconds = _SERVER_SECONDS if self._settings.database_url else _FILE_SECONDS
        async with open_rows(self._settings, now_ms, read_only=True, name=self._name) as rows:
            while True:
                await self._read(rows)
                read.set()
                if await passed(stop, seconds):
                    return

    async def _read(self, rows: Rows) -> None:
        try:
            if self._settings.database_url is None and not self._settings.rows_file.exists():
                # Opening it would make one.
                return
            self._hour = await rows.expiry.horizon()
        except FootfallError as error:
            self._unknown(str(error))
        except Exception as error:  # noqa: BLE001
            # Whatever it is, the next try may do: nobody would notice that no more are made.
            self._unknown(f"{type(error).__name__}, which nobody foresaw", unforeseen=True)
        else:
            if self._told:
                logger.info("the horizon is known again")
            self._told = False

    def _unknown(self, reason: str, *, unforeseen: bool = False) -> None:
        """Told once, until it is known again."""
        if self._told:
            return
        self._told = True
        known = (
            ""
            if self._hour == NOTHING_PAST
            else f", and the horizon known last, {as_text(self._hour)}"
        )
        logger.log(
            logging.ERROR if unforeseen else logging.WARNING,
            "the horizon cannot be read: %s. Until it can, views are judged by the clock of this "
            "host and RETENTION_DAYS%s: one that is accepted may be past for the rows",
            reason,
            known,
            exc_info=unforeseen,
        )
