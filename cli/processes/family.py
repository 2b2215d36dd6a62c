"""Child processes: started again when they die, and gone when their parent is."""

import asyncio
import logging
import os
import signal
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import asynccontextmanager
from typing import Any, Self

from cli.processes.ending import DRAIN_SECONDS, LAST_SECONDS
from cli.processes.listening import LISTENERS, Sockets
from cli.processes.running import LIFELINE, OUTDATED
from cli.processes.safe_path import PYTHON, python_path
from domain.backoff import Backoff

logger = logging.getLogger(__name__)

_BACKOFF = Backoff(first=0.2, last=10.0)
_HEALTHY_SECONDS = 10.0
# A child has a last resort of its own before.
CHILD_SECONDS = DRAIN_SECONDS + 2 * LAST_SECONDS
FAMILY_SECONDS = CHILD_SECONDS + LAST_SECONDS
"""After which a parent ends that waits for its children."""


class Family:
    """The children of this process; each holds a pipe that closes when this process is gone.

    One that ends because a newer Footfall has migrated the database is not started again:
    `until` returns then, with its exit code.
    """

    def __init__(self, **environment: str) -> None:
        self._lifeline, self._write_end = os.pipe()
        self._environment = {
            **os.environ,
            **environment,
            "PYTHONPATH": python_path(os.environ.get("PYTHONPATH")),
            LIFELINE: str(self._lifeline),
        }
        self._outdated = asyncio.Event()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._write_end)
        os.close(self._lifeline)

    @asynccontextmanager
    async def keeping(self, role: str, listeners: Sequence[Sockets] = ([],)) -> AsyncIterator[None]:
        """A process of a role for each of `listeners`; at the end all drain at once."""
        stop = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            for number, sockets in enumerate(listeners, 1):
                name = role if len(listeners) == 1 else f"{role} worker {number}"
                group.create_task(self._keep(role, name, sockets, stop))
            try:
                yield
            finally:
                # Before the children drain: what connects from now on is refused, not forgotten.
                for sockets in listeners:
                    for socket in sockets:
                        socket.close()
                stop.set()

    async def until(self, stop: asyncio.Event) -> int:
        """Until told to stop, or a child is outdated; the exit code."""
        await _first(stop.wait(), self._outdated.wait())
        return OUTDATED if self._outdated.is_set() else 0

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

    async def _keep(self, role: str, name: str, sockets: Sockets, stop: asyncio.Event) -> None:
        backoff = _BACKOFF.first
        loop = asyncio.get_running_loop()
        while not stop.is_set():
            started = loop.time()
            child = await self._start(role, listeners=[socket.fileno() for socket in sockets])
            await _first(child.wait(), stop.wait())
            if stop.is_set():
                await _end(child)
                return
            if child.returncode == OUTDATED:
                logger.error("%s ended with code %s, so does all of it", name, OUTDATED)
                self._outdated.set()
                return
            if loop.time() - started > _HEALTHY_SECONDS:
                backoff = _BACKOFF.first
            logger.error("%s ended with code %s, starting it again", name, child.returncode)
            try:
                async with asyncio.timeout(backoff):
                    await stop.wait()
            except TimeoutError:
                backoff = _BACKOFF.next(backoff)

    async def _start(
        self, *arguments: str, listeners: Sequence[int] = ()
    ) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            *PYTHON,
            *arguments,
            env={**self._environment, LISTENERS: ",".join(map(str, listeners))},
            pass_fds=(self._lifeline, *listeners),
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
