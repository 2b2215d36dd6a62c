"""What a person sees on stderr while a generation is loaded."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from cli.output.saying import say
from projector.rebuild.steps import Progress as Folded

_POLL_SECONDS = 0.5
# Where nobody looks at a bar: a line so often.
_LINE_SECONDS = 10.0


@asynccontextmanager
async def progress_bar(what: str, poll: Callable[[], Awaitable[Folded]]) -> AsyncIterator[None]:
    """A bar with percent, events/s and the time that is left, for the time of a block."""
    console = Console(stderr=True)
    bar = Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TextColumn("{task.fields[rate]:,.0f} events/s"),
        TimeElapsedColumn(),
        TextColumn("left:"),
        TimeRemainingColumn(),
        console=console,
        disable=not console.is_terminal,
    )
    task = bar.add_task(what, total=None, rate=0.0)
    loop = asyncio.get_running_loop()
    began, first = loop.time(), await poll()
    told = began

    async def update() -> None:
        nonlocal told
        now = await poll()
        seconds = max(loop.time() - began, 0.001)
        rate = (now.events - first.events) / seconds
        total = max(now.total - first.done, 1)
        bar.update(task, completed=now.done - first.done, total=total, rate=rate)
        if not console.is_terminal and loop.time() - told >= _LINE_SECONDS:
            told = loop.time()
            percent = 100 * (now.done - first.done) / total
            left = (total - now.done + first.done) * seconds / max(now.done - first.done, 1)
            say(f"{what}: {percent:.0f} %, {rate:,.0f} events/s, {left:.0f} s left", err=True)

    async def update_often() -> None:
        while True:
            await asyncio.sleep(_POLL_SECONDS)
            await update()

    updating = asyncio.create_task(update_often())
    with bar:
        try:
            yield
            await update()
        finally:
            updating.cancel()
            await asyncio.gather(updating, return_exceptions=True)
    last, seconds = await poll(), loop.time() - began
    folded = last.events - first.events
    say(
        f"{what}: {folded:,} events in {seconds:.1f} s ({folded / seconds:,.0f} events/s)", err=True
    )
