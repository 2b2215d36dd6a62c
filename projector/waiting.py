"""Pauses that end early when they must."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

_Found = TypeVar("_Found")


async def passed(event: asyncio.Event, seconds: float) -> bool:
    """Wait so long, or until the event is set: was it?"""
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return False
    return True


async def unless_set(event: asyncio.Event, work: Coroutine[Any, Any, _Found]) -> _Found | None:
    """What `work` returns, or raises; None, the work cancelled, where the event is set before."""
    working, waiting = asyncio.create_task(work), asyncio.create_task(event.wait())
    try:
        await asyncio.wait({working, waiting}, return_when=asyncio.FIRST_COMPLETED)
        return working.result() if working.done() else None
    finally:
        for task in (working, waiting):
            task.cancel()
        await asyncio.gather(working, waiting, return_exceptions=True)


async def told_if_late(
    work: Coroutine[Any, Any, _Found], seconds: float, tell: Callable[[], Awaitable[object]]
) -> _Found:
    """What `work` returns, or raises; where it is not done within `seconds` that is told, once."""
    working = asyncio.create_task(work)
    try:
        done, _ = await asyncio.wait({working}, timeout=seconds)
        if not done:
            await tell()
        return await working
    finally:
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)
