"""Dead letters and the log they are from, and the job that keeps rebuilds out meanwhile."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from cli.output.saying import say
from cli.wiring.agents import agent_classes
from cli.wiring.process import application_name, now_ms, owner_name
from domain.settings import Settings
from log.opening import open_reader
from projector.job import Held, held
from projector.letters import LetterBox
from rows.jobs import REPLAY
from rows.opening import Rows, open_rows


@asynccontextmanager
async def open_letters(settings: Settings) -> AsyncIterator[tuple[Rows, LetterBox]]:
    """Closed at the end; nothing connects before it is used."""
    name, classes = application_name("dead-letters"), agent_classes()
    async with open_rows(settings, now_ms, name=name, classes=classes) as rows:
        reader = open_reader(settings)
        try:
            yield rows, LetterBox(rows.dead_letters, reader)
        finally:
            await reader.close()


@asynccontextmanager
async def retrying(settings: Settings, rows: Rows) -> AsyncIterator[Held]:
    """The job of rebuilds: one that went on meanwhile would come to other counts."""
    seconds = settings.lease_ms / 1_000
    async with held(
        rows.jobs,
        REPLAY,
        owner_name(),
        seconds,
        # As long as the lease of one that died may still run.
        seconds * 1.2,
        doing="is rebuilding or retrying: try again after",
        waiting=lambda holder: say(
            f"waiting for {holder}, in case it died ({seconds:g} s)", err=True
        ),
    ) as job:
        yield job
