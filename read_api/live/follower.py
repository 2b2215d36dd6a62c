"""One follower of the log for all of a process who look, for as long as one does."""

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager

from domain.ports.live import Naming
from read_api.live.following import Afresh, Following, Surroundings
from read_api.live.state import State

logger = logging.getLogger(__name__)

AFTER_SECONDS = 5.0
"""How long the log is followed after the last who looked has left: many come back at once."""
POLLED_SECONDS = 30.0
"""How long it is followed after somebody asked once: whoever asks again meets it."""
_LOOK_SECONDS = 1.0


class Follower:
    """Follows while somebody is `looking`, or has `asked` lately; nothing is opened before.

    `version` is another number whenever there is something new. What was heard is gone with the
    last who looked: the next begins half an hour back.
    """

    def __init__(self, around: Surroundings, known: Naming) -> None:
        self._around = around
        self._known = known
        self._lookers = self._public = 0
        self._until = float("-inf")
        self._task: asyncio.Task[None] | None = None
        self._news = asyncio.Event()
        self._ended = asyncio.Event()
        self.following: Following | None = None
        """What is heard now; None: nothing is."""
        self.version = 0

    @property
    def lookers(self) -> int:
        """How many are looking."""
        return self._lookers

    @property
    def public_lookers(self) -> int:
        """How many of them came without a key where others need one."""
        return self._public

    @property
    def ended(self) -> bool:
        """Is the process about to end?"""
        return self._ended.is_set()

    @contextmanager
    def looking(self, *, public: bool = False) -> Iterator[None]:
        """Somebody is, for the time of the block."""
        self._lookers += 1
        self._public += public
        self._begin()
        try:
            yield
        finally:
            self._lookers -= 1
            self._public -= public
            self._last_until(AFTER_SECONDS)

    def asked(self) -> None:
        """Somebody has looked once."""
        self._last_until(POLLED_SECONDS)
        self._begin()

    async def beyond(self, version: int, seconds: float) -> None:
        """Returns once there is something newer than `version`, after so many seconds, or at the
        end of the process.
        """
        if self.version > version or self.ended:
            return
        try:
            async with asyncio.timeout(seconds):
                await self._news.wait()
        except TimeoutError:
            return

    async def caught_up(self, seconds: float) -> None:
        """Returns once it is known how it stands with the log, or after so many seconds."""
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        while not self.ended and self._is_catching_up() and (rest := end - loop.time()) > 0:
            await self.beyond(self.version, rest)

    async def pause(self, seconds: float) -> None:
        """So long, or until the end of the process."""
        try:
            async with asyncio.timeout(seconds):
                await self._ended.wait()
        except TimeoutError:
            return

    def end(self) -> None:
        """The process is about to end: nobody looks any more."""
        self._ended.set()
        self._grew()

    async def close(self) -> None:
        """Let go of the log."""
        self.end()
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})

    def _is_catching_up(self) -> bool:
        following = self.following
        return following is None or following.standing.state is State.CATCHING_UP

    def _last_until(self, seconds: float) -> None:
        self._until = max(self._until, asyncio.get_running_loop().time() + seconds)

    def _begin(self) -> None:
        if not self.ended and (self._task is None or self._task.done()):
            self._task = asyncio.create_task(self._run(), name="live")

    def _wanted(self) -> bool:
        looked = self._lookers > 0 or asyncio.get_running_loop().time() < self._until
        return looked and not self.ended

    def _grew(self) -> None:
        self.version += 1
        self._news.set()
        self._news = asyncio.Event()

    async def _run(self) -> None:
        pause = self._around.backoff.first
        while self._wanted():
            self.following = Following(self._around, self._known, self._grew)
            try:
                await self._follow(self.following)
            finally:
                self._known, self.following = self.following.naming, None
                self._grew()
            if self._wanted():
                await self.pause(pause)
                pause = self._around.backoff.next(pause)

    async def _follow(self, following: Following) -> None:
        """Until nobody looks, or it has to be done again."""
        running = asyncio.create_task(following.run(), name="live following")
        try:
            while self._wanted() and not running.done():
                await asyncio.wait({running}, timeout=_LOOK_SECONDS)
                following.counts.move_on(self._around.clock())
        finally:
            running.cancel()
            await asyncio.wait({running})
        if running.cancelled():
            return
        match running.exception():
            case Afresh() as error:
                logger.warning("live begins again: %s", error)
            case error:
                logger.error("live failed and begins again", exc_info=error)
