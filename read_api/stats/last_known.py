"""What was known last, for whoever asks while the database is silent."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from msgspec import Struct

from domain.errors import FootfallError
from domain.ports.common import Clock

logger = logging.getLogger(__name__)

WAIT_SECONDS = 1.0
"""So long an answer may take, whatever the database does."""
GIVE_UP_SECONDS = 5.0
"""Then it is asked anew, over another connection."""

_Found = TypeVar("_Found")


class Silence(Struct, frozen=True):
    """Since when the database does not answer, by the clock of this process, and why."""

    since_ms: int
    reason: str


class Seen(Struct, Generic[_Found], frozen=True):
    """What is known, read `age_ms` ago; None where nothing ever was."""

    found: _Found | None = None
    age_ms: int = 0
    silence: Silence | None = None


class LastKnown(Generic[_Found]):
    """What `read` finds: one look at a time, however many ask, and none waits long for it."""

    def __init__(self, read: Callable[[], Awaitable[_Found]], clock: Clock) -> None:
        self._read = read
        self._clock = clock
        self._looking: asyncio.Task[None] | None = None
        self._began = 0.0
        self._began_ms = 0
        self._found: _Found | None = None
        self._found_ms = 0
        self._silence: Silence | None = None

    async def seen(self) -> Seen[_Found]:
        """What the database says now, or what it said last."""
        loop = asyncio.get_running_loop()
        if self._looking is None or self._looking.done():
            self._began, self._began_ms = loop.time(), self._clock()
            self._looking = asyncio.create_task(self._look(), name="last known")
        rest = self._began + WAIT_SECONDS - loop.time()
        _, pending = await asyncio.wait([self._looking], timeout=max(rest, 0))
        if pending:
            self._silent(f"the database: no answer within {WAIT_SECONDS:g} s")
        age_ms = max(0, self._clock() - self._found_ms) if self._found else 0
        return Seen(self._found, age_ms, self._silence)

    async def _look(self) -> None:
        try:
            async with asyncio.timeout(GIVE_UP_SECONDS):
                found = await self._read()
        except TimeoutError:
            self._silent(f"the database: no answer within {WAIT_SECONDS:g} s")
        except FootfallError as error:
            self._silent(error.told)
        except Exception as error:
            logger.exception("what is known could not be read")
            self._silent(f"could not be asked: {type(error).__name__}")
        else:
            self._found, self._found_ms, self._silence = found, self._clock(), None

    def _silent(self, reason: str) -> None:
        since_ms = self._silence.since_ms if self._silence else self._began_ms
        self._silence = Silence(since_ms, reason)
