"""Child processes: started again when they die, and gone when their parent is."""

import asyncio
import logging
import os
import signal
import socket
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import asynccontextmanager
from typing import Any, Self

from cli.processes.begun import BEGINS, Begun
from cli.processes.ending import DRAIN_SECONDS, LAST_SECONDS
from cli.processes.places import PLACE, Place
from cli.processes.running import LIFELINE, OUTDATED
from cli.processes.safe_path import PYTHON, python_path
from domain.backoff import Backoff
from domain.errors import FootfallError

logger = logging.getLogger(__name__)

_BACKOFF = Backoff(first=0.2, last=10.0)
_HEALTHY_SECONDS = 10.0
# A child has a last resort of its own before.
CHILD_SECONDS = DRAIN_SECONDS + 2 * LAST_SECONDS
FAMILY_SECONDS = CHILD_SECONDS + LAST_SECONDS
"""After which a parent ends that waits for its children."""


class Family:
    """The children of this process; each holds a pipe that closes when this process is gone.

    One that ends because a newer Footfall has migrated the database is not started again, nor one
    that ends while it begins: `code` is its exit code then.
    """

    def __init__(self, **environment: str) -> None:
        self._lifeline, self._write_end = os.pipe()
        self._environment = {
            **os.environ,
            **environment,
            "PYTHONPATH": python_path(os.environ.get("PYTHONPATH")),
            LIFELINE: str(self._lifeline),
        }
        self._over = asyncio.Event()
        self.code = 0
        """Of this process, whose children are what it is."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._write_end)
        os.close(self._lifeline)

    @asynccontextmanager
    async def keeping(
        self, role: str, places: Sequence[Place | None] = (None,), begun: Begun | None = None
    ) -> AsyncIterator[None]:
        """A process of a role for each of `places`; at the end all drain at once.

        The first of them begins where `begun` is to be told; one that cannot ends all.
        """
        stop = asyncio.Event()
        failed: FootfallError | None = None
        async with asyncio.TaskGroup() as group:
            for number, place in enumerate(places, 1):
                name = role if len(places) == 1 else f"{role} worker {number}"
                group.create_task(self._keep(role, name, place, stop, begun))
            try:
                yield
            except FootfallError as error:
                # The group would cancel those who see to the end of the children.
                failed = error
            finally:
                # Before the children drain.
                for place in places:
                    if place is not None:
                        place.close()
                stop.set()
        if failed is not None:
            raise failed

    async def until(self, *stops: asyncio.Event) -> int:
        """Until one of `stops` is set, or a child has ended for good; the exit code."""
        await _first(self._over.wait(), *(stop.wait() for stop in stops))
        return self.code

    async def run(self, commands: Sequence[Sequence[str]]) -> bool:
        """Verbs with their arguments, side by side to their end; did all succeed?

        The first that fails ends the others, and so does cancelling.
        """
        children = [await self._start(*command) for command in commands]
        try:
            for ended in asyncio.as_completed([child.wait() for child in children]):
                if await ended:
                    return False
            return True
        finally:
            await asyncio.gather(*(_end(child) for child in children))

    async def _keep(
        self,
        role: str,
        name: str,
        place: Place | None,
        stop: asyncio.Event,
        begun: Begun | None,
    ) -> None:
        backoff = _BACKOFF.first
        loop = asyncio.get_running_loop()
        while not stop.is_set():
            started = loop.time()
            child = await self._start_at(place, role, begun)
            await _first(child.wait(), stop.wait())
            if stop.is_set():
                await _end(child)
                return
            if self._is_over(name, child.returncode or 0, begun):
                return
            if loop.time() - started > _HEALTHY_SECONDS:
                backoff = _BACKOFF.first
            logger.error("%s ended with code %s, starting it again", name, child.returncode)
            try:
                async with asyncio.timeout(backoff):
                    await stop.wait()
            except TimeoutError:
                backoff = _BACKOFF.next(backoff)

    def _is_over(self, name: str, code: int, begun: Begun | None) -> bool:
        """Is there no use in starting again one that ended with this code?"""
        ends_begin = begun is not None and not begun.done.is_set()
        if not ends_begin and code != OUTDATED:
            return False
        # One that could not begin has said why, unless it was killed, or told to end: 0 then.
        if not ends_begin or code <= 0:
            logger.error("%s ended with code %s, so does all of it", name, code)
        self.code = code if code > 0 else 1
        self._over.set()
        return True

    async def _start_at(
        self, place: Place | None, role: str, begun: Begun | None
    ) -> asyncio.subprocess.Process:
        if place is None:
            told = begun.descriptor() if begun else None
            return await self._start(role, **{} if told is None else {BEGINS: told})
        ours, theirs = socket.socketpair()
        with theirs:
            child = await self._start(role, **{PLACE: theirs.fileno()})
        place.taken(ours)
        return child

    async def _start(self, *arguments: str, **descriptors: int) -> asyncio.subprocess.Process:
        """A child that knows these by their names, and inherits them."""
        named = {name: str(number) for name, number in descriptors.items()}
        return await asyncio.create_subprocess_exec(
            *PYTHON,
            *arguments,
            env={**self._environment, PLACE: "", BEGINS: "", **named},
            pass_fds=(self._lifeline, *descriptors.values()),
            # Ctrl-C reaches the whole group of the terminal; only the parent must act on it.
            start_new_session=True,
        )


async def _first(*waiting: Coroutine[Any, Any, Any]) -> None:
    tasks = [asyncio.create_task(one) for one in waiting]
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in tasks:
        task.cancel()


async def _end(child: asyncio.subprocess.Process) -> None:
    if child.returncode is None:
        child.send_signal(signal.SIGTERM)
    try:
        async with asyncio.timeout(CHILD_SECONDS):
            await child.wait()
    except TimeoutError:
        logger.error("process %d did not stop in time, killing it", child.pid)
        child.kill()
        await child.wait()
