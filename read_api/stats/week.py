"""GET /stats/hours-of-week: when in the week pages are viewed."""

import asyncio

from domain.events import Hour
from domain.ports.stats import StatsReader
from domain.stats.zones import local
from read_api.stats.asked import Asked
from read_api.stats.shapes import Cell, HoursOfWeek
from read_api.stats.snapshots import Told
from read_api.stats.telling import begins_within, notes, told_question, told_standing, zone_note

_DAYS, _HOURS = 7, 24
_SECONDS = 3_600
_AT_ONCE = 1_000


async def read_week(reader: StatsReader, asked: Asked) -> Told:
    """Views of each hour of the week, Monday first; all 168 are there."""
    found = await reader.hours(asked.selection, asked.hours)
    cells = [0] * (_DAYS * _HOURS)
    cut = False
    for at, (hour, views) in enumerate(found.views.items()):
        if at % _AT_ONCE == 0:
            # Decades of hours would hold others up.
            await asyncio.sleep(0)
        # Where the zone's hours begin within it, it is part of the one that does.
        clock = local((hour + 1) * _SECONDS - 1, asked.zone)
        cells[clock.weekday() * _HOURS + clock.hour] += views
        cut = cut or begins_within(Hour(hour), asked.zone)
    told = list(notes(asked, found.standing.horizon))
    if cut and zone_note(asked.zone) not in told:
        told.append(zone_note(asked.zone))
    answer = HoursOfWeek(
        question=told_question(asked),
        total=sum(cells),
        **told_standing(found.standing),
        notes=told,
        cells=[
            Cell(weekday=at // _HOURS + 1, hour=at % _HOURS, views=views)
            for at, views in enumerate(cells)
        ],
    )
    return Told(answer, found.standing)
