"""The parts of a roll-up, and the task that carries it out beside a projector."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from cli.wiring.background import in_background
from cli.wiring.process import application_name, now_ms, owner_name
from domain.settings import Settings
from projector.aggregates.loop import RollUps
from rows.opening import open_rows

# Not at once: what projectors owe to views comes first.
_FIRST_SECONDS = 7.0


@asynccontextmanager
async def open_roll_ups(settings: Settings, role: str = "projector") -> AsyncIterator[RollUps]:
    """Its connections are closed at the end."""
    async with open_rows(settings, now_ms, name=application_name(role)) as rows:
        yield RollUps(rows.aggregates, rows.adding_up, owner_name(), settings.lease_ms / 1_000)


@asynccontextmanager
async def rolling_up(settings: Settings) -> AsyncIterator[None]:
    """Days are added up in the background for the time of the block."""
    every_seconds = settings.roll_up_check_ms / 1_000
    first_seconds = min(_FIRST_SECONDS, every_seconds)
    async with (
        open_roll_ups(settings) as roll_ups,
        in_background("rollup", partial(roll_ups.keep, first_seconds, every_seconds)),
    ):
        yield
