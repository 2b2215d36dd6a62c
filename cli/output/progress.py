"""What a person sees on stderr while a generation is loaded."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from projector.rebuild.steps import Progress as Folded

_POLL_SECONDS = 0.5
# Where nobody looks at a bar: a line so often.
_LINE_SECONDS = 10.0


@asynccontextmanager
async def shown(what: str, poll: Callable[[], Awaitable[Folded]]) -> AsyncIterator[None]:
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
        found = await poll()
        seconds = max(loop.time() - began, 0.001)
        rate = (found.events - first.events) / seconds
        total = max(found.total - first.done, 1)
        bar.update(task, completed=found.done - first.done, total=total, rate=rate)
        if not console.is_terminal and loop.time() - told >= _LINE_SECONDS:
            told = loop.time()
            percent = 100 * (found.done - first.done) / total
            left = (total - found.done + first.done) * seconds / max(found.done - first.done, 1)
            click.echo(
                f"{what}: {percent:.0f} %, {rate:,.0f} events/s, {left:.0f} s left", err=True
            )

    async def keep() -> None:
        while True:
            await asyncio.sleep(_POLL_SECONDS)
            await update()

    keeping = asyncio.create_task(keep())
    with bar:
        try:
            yield
            await update()
        finally:
            keeping.cancel()
            await asyncio.gather(keeping, return_exceptions=True)
    found, seconds = await poll(), loop.time() - began
    folded = found.events - first.events
    click.echo(
        f"{what}: {folded:,} events in {seconds:.1f} s ({folded / seconds:,.0f} events/s)", err=True
    )
