"""Tasks that go on beside a projector."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Any

# For what is under way when a projector ends.
_PATIENCE_SECONDS = 5.0


@asynccontextmanager
async def in_background(
    name: str, run: Callable[[asyncio.Event], Coroutine[Any, Any, None]]
) -> AsyncIterator[None]:
    """`run` goes on for the time of the block, until its event is set; then it has some seconds."""
    stop = asyncio.Event()
    task = asyncio.create_task(run(stop), name=name)
    try:
        yield
    finally:
        stop.set()
        try:
            await asyncio.wait({task}, timeout=_PATIENCE_SECONDS)
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
