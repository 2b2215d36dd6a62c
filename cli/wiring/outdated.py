"""A web role looks now and then whether a newer Footfall has migrated what it reads or writes."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from functools import partial

from cli.processes.running import Watch
from cli.wiring.process import application_name, now_ms
from domain.errors import StoreUnavailable
from domain.settings import Settings
from migrations.upgrade import require_understood
from projector.waiting import passed
from rows.database import database_errors
from rows.engine import engine_at
from rows.opening import open_rows

Question = Callable[[], Awaitable[None]]


@asynccontextmanager
async def open_watch(
    settings: Settings, *, ingest: bool, read_api: bool, role: str
) -> AsyncIterator[Watch]:
    """What ends a role within a lease's time, its connections closed at the end.

    The read API asks the rows, ingest the embedded log's file. RabbitMQ has no version: what an
    older projector cannot read of it, it leaves alone.
    """
    questions: list[Question] = []
    async with open_rows(settings, now_ms, name=application_name(role)) as rows:
        if read_api:
            questions.append(rows.require_understood)
        if ingest and settings.rabbitmq_url is None:
            questions.append(partial(_log_understood, settings))
        yield partial(_watching, questions, settings.lease_ms / 3_000)


async def _log_understood(settings: Settings) -> None:
    url = settings.log_url
    if not settings.log_file.exists():
        return
    async with engine_at(url, read_only=True) as engine, database_errors():
        await require_understood(engine, "log")


@asynccontextmanager
async def _watching(
    questions: Sequence[Question], every_seconds: float, end: Callable[[], None]
) -> AsyncIterator[None]:
    """Calls `end` once a question is answered by `Outdated`, and raises that after the block."""
    done = asyncio.Event()
    watching = asyncio.create_task(_ask(questions, every_seconds, done), name="outdated")
    watching.add_done_callback(lambda task: end() if not task.cancelled() else None)
    try:
        yield
    finally:
        done.set()
        await watching


async def _ask(questions: Sequence[Question], every_seconds: float, done: asyncio.Event) -> None:
    while not done.is_set():
        for question in questions:
            # Requests find out by themselves, and say so.
            with suppress(StoreUnavailable):
                await question()
        await passed(done, every_seconds)
