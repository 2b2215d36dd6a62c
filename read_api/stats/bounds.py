"""GET /stats/bounds: how much there is."""

from domain.agents.classes import Agent
from domain.events import Hour
from domain.hours import as_iso
from domain.ports.stats import StatsReader
from read_api.stats.shapes import Bounds, Question
from read_api.stats.snapshots import Told
from read_api.stats.telling import agent_notes, agent_text, horizon_text, told_standing


async def read_bounds(reader: StatsReader, agent: Agent | None, *, counted: bool) -> Told:
    """Of all rows, or of those that say that `agent` looked; pages and rows where `counted`."""
    found = await reader.bounds(agent, counted=counted)
    first = Hour(0) if found.first is None else found.first
    end = first if found.last is None else Hour(found.last + 1)
    nothing = found.first is None
    answer = Bounds(
        question=Question(
            selection={},
            from_=None if nothing else as_iso(first),
            to=None if nothing else as_iso(end),
            unit=None,
            tz="UTC",
            agent=agent_text(agent),
        ),
        total=found.total,
        **told_standing(found.standing),
        notes=list(agent_notes(agent)),
        first=None if nothing else as_iso(first),
        last=None if found.last is None else as_iso(found.last),
        horizon=horizon_text(found.standing.horizon),
        pages=found.pages,
        sites=found.sites,
        rows=found.rows,
    )
    return Told(answer, found.standing)
