"""The parts of answers: questions as understood, buckets, sentences."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from msgspec import UNSET

from domain.agents.classes import Agent
from domain.events import MIN_AT_MS, Hour
from domain.hours import HOUR_MS, as_iso, as_millisecond
from domain.stats.answers import Standing
from domain.stats.selection import Kind
from domain.stats.units import Range
from domain.stats.zones import local, zone_of
from read_api.queries import ANYBODY
from read_api.stats.asked import Asked
from read_api.stats.given import SOURCE
from read_api.stats.shapes import Bucket, Question

_HOUR = 3_600
_LONGEST = len("2025-07-16T12:00:00+02:00")
_UTC = zone_of("UTC")


def moment(hour: Hour, zone: ZoneInfo) -> str:
    """The start of an hour with the zone's offset, as in 2025-07-16T12:00:00+02:00."""
    text = local(hour * _HOUR, zone).isoformat()
    if len(text) > _LONGEST:
        # Before there was standard time offsets had seconds, which RFC 3339 does not have.
        return local(hour * _HOUR, _UTC).isoformat()
    return text


def told_question(asked: Asked) -> Question:
    """A question as it was understood."""
    selection = asked.selection
    told = {} if selection.kind is Kind.ALL else {selection.kind.value: selection.value}
    if selection.source is not None:
        told[SOURCE] = selection.source
    return Question(
        selection=told,
        from_=moment(asked.hours.start, asked.zone),
        to=moment(asked.hours.end, asked.zone),
        unit=asked.unit.value,
        tz=asked.zone.key,
        agent=agent_text(selection.agent),
        compare=asked.compare.value if asked.compare else UNSET,
    )


def agent_text(agent: Agent | None) -> str:
    """What the parameter `agent` calls it."""
    return ANYBODY if agent is None else agent.name.lower()


def agent_notes(agent: Agent | None) -> Iterator[str]:
    """That not everybody is counted who may be meant."""
    if agent not in (None, Agent.UNKNOWN):
        yield (
            f"Which of the views without a user agent are of a {agent_text(agent)} is not known: "
            "they are left out, agent=unknown has them."
        )


def told_buckets(
    edges: Sequence[Hour],
    views: Iterable[int],
    zone: ZoneInfo,
    cuts: Sequence[Sequence[str]],
    open_hour: Hour,
) -> list[Bucket]:
    """Buckets between edges; `cuts` has what is cut of each.

    Those that end by `open_hour` are complete.
    """
    told = [moment(edge, zone) for edge in edges]
    return [
        Bucket(from_=start, to=end, views=count, complete=edge <= open_hour, cut=list(cut) or UNSET)
        for (start, end), edge, count, cut in zip(
            pairwise(told), edges[1:], views, cuts, strict=True
        )
    ]


def told_standing(standing: Standing) -> dict[str, Any]:
    """The members of an answer that say what it is of."""
    return {
        "complete_until": complete_text(standing.complete_ms),
        "generation": standing.generation,
    }


def complete_text(complete_ms: int) -> str | None:
    """Up to which moment all is counted, None where that is not known."""
    return as_millisecond(complete_ms) if complete_ms else None


def horizon_text(horizon: Hour) -> str | None:
    """The oldest hour that is kept, None where nothing was ever dropped."""
    return as_iso(horizon) if horizon * HOUR_MS > MIN_AT_MS else None


def notes(asked: Asked, horizon: Hour, edges: Sequence[Hour] = ()) -> Iterator[str]:
    """What somebody should know who reads the numbers; `edges` are those of buckets."""
    yield from agent_notes(asked.selection.agent)
    if asked.moved:
        were = f"{' and '.join(asked.moved)} {'was' if len(asked.moved) == 1 else 'were'}"
        yield f"Rows are whole hours: {were} moved back to the start of the hour that was sent."
    if any(begins_within(hour, asked.zone) for hour in (*asked.hours, *edges)):
        yield zone_note(asked.zone)
    if asked.hours.start < horizon:
        yield f"Hours before {as_iso(horizon)} are no longer kept and count as 0."


def zone_note(zone: ZoneInfo) -> str:
    """That the zone's hours are not those of the rows."""
    return (
        f"Rows are whole UTC hours, and those of {zone.key} begin within them: hours and days are "
        "cut at the whole UTC hour before."
    )


def begins_within(hour: Hour, zone: ZoneInfo) -> bool:
    """Whether the zone's hours begin within the whole hours of UTC, at that time."""
    return _offset(hour, zone) % _HOUR != 0


def waiting_notes(asked: Asked, standing: Standing) -> Iterator[str]:
    """That hours which are over are not compared, as not all of their views are counted yet."""
    over = min(asked.hours.end, asked.open_hour)
    if asked.hours.start >= over or over <= standing.open_hour:
        return
    until = complete_text(standing.complete_ms)
    if until is None:
        yield "Up to when all views are counted is not known yet: no hours are compared."
    else:
        yield f"All views are counted up to {until}: hours that end later are not compared."


def compared_note(asked: Asked, compared: Range) -> str | None:
    """That a list is of fewer hours than were asked for, which are compared."""
    if compared == asked.hours:
        return None
    first, end = (moment(hour, asked.zone) for hour in compared)
    return (
        "Only whole hours that are over and counted, and kept in both ranges, can be compared: "
        f"the hours from {first} to {end} are listed."
    )


def _offset(hour: Hour, zone: ZoneInfo) -> int:
    offset = local(hour * _HOUR, zone).utcoffset()
    return int(offset.total_seconds()) if offset else 0
