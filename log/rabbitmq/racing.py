"""Several who may answer, and only the first who does is wanted."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from typing import Any, TypeVar

_Found = TypeVar("_Found")


async def first(
    tries: Iterable[Callable[[], Coroutine[Any, Any, _Found]]],
    pause_seconds: float,
    discard: Callable[[_Found], Awaitable[None]],
) -> _Found:
    """What the first of `tries` that succeeds returns; raises what the first of all has raised.

    Each begins when one before it has failed, or none is done `pause_seconds` after the last began.
    What another one returns nevertheless goes to `discard`.
    """
    waiting = deque(tries)
    running: list[asyncio.Task[_Found]] = []
    found: asyncio.Task[_Found] | None = None
    try:
        while found is None:
            if waiting:
                running.append(asyncio.create_task(waiting.popleft()()))
            pending = [task for task in running if not task.done()]
            if not pending:
                return running[0].result()
            pause = pause_seconds if waiting else None
            await asyncio.wait(pending, timeout=pause, return_when=asyncio.FIRST_COMPLETED)
            found = next((task for task in running if _succeeded(task)), None)
        return found.result()
    finally:
        await _end([task for task in running if task is not found], discard)


async def _end(
    tasks: list[asyncio.Task[_Found]], discard: Callable[[_Found], Awaitable[None]]
) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    for task in tasks:
        if _succeeded(task):
            await discard(task.result())


def _succeeded(task: "asyncio.Task[_Found]") -> bool:
    return task.done() and not task.cancelled() and task.exception() is None
