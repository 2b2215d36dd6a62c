"""GET /stats/state: whether the numbers can be trusted, also when they do not come."""

from collections.abc import Awaitable, Callable

from litestar.handlers import ASGIRouteHandler
from litestar.types import Receive, Scope
from msgspec import UNSET
from msgspec.structs import replace

from domain.errors import Problem, RequestRefused
from domain.events import Hour
from domain.hours import as_moment
from domain.keys import Right
from domain.ports.common import Clock
from domain.reports import Watermark
from domain.stats.state import Building, PartitionState
from domain.stats.state import State as Found
from read_api.queries import parameters
from read_api.stats.last_known import LastKnown, Seen, Silence
from read_api.stats.state_shapes import (
    Audit,
    Database,
    DeadLetters,
    Partition,
    Refused,
    State,
    Trust,
)
from read_api.stats.state_shapes import Building as ToldBuilding
from read_api.stats.telling import complete_text, horizon_text
from read_api.watermark import lag_seconds, watermark_headers
from web.access import Access, caller_of
from web.app import route
from web.problems import Answer, answer
from web.refused import Refusals

PATH = "/stats/state"


def state_route(
    read: Callable[[], Awaitable[Found]],
    clock: Clock,
    retention_days: int,
    refusals: Refusals | None = None,
) -> ASGIRouteHandler:
    """Its handler. It answers 200 whether the database answers or not.

    What was refused is known where ingest is in this process. `retention_days` as in the settings.
    """
    known = LastKnown(read, clock)

    async def state(scope: Scope, _: Receive) -> Answer:
        refuse_parameters(PATH, scope["query_string"])
        seen = await known.seen()
        headers = [(b"cache-control", b"no-store")]
        if seen.found:
            headers += watermark_headers(watermark_now(seen.found, seen.age_ms))
        told = told_state(seen, retention_days)
        told.refused = told_refused(refusals)
        caller = caller_of(scope)
        for_operators = Right.ADMIN in caller.rights and caller.sites is None
        return answer(told if for_operators else without_operations(told), headers=headers)

    return route(PATH, "GET", state, access=Access(Right.READ))


def told_state(seen: Seen[Found], retention_days: int) -> State:
    """What is known, in the words of the answer; 0 days: for ever."""
    database, days = _database(seen.silence), retention_days or None
    if seen.found is None:
        return State(
            complete_until=None,
            lag_seconds=None,
            generation=None,
            known_at=None,
            horizon=None,
            retention_days=days,
            database=database,
            partitions=[],
            audits=[],
            building=None,
            dead_letters=None,
        )
    found, now = seen.found, watermark_now(seen.found, seen.age_ms)
    return State(
        complete_until=complete_text(now.complete_ms),
        lag_seconds=lag_seconds(now),
        generation=now.generation,
        known_at=complete_text(found.watermark.now_ms),
        horizon=horizon_text(Hour(found.facts.horizon_hour)),
        retention_days=days,
        database=database,
        partitions=[_partition(one, now) for one in found.partitions],
        audits=_audits(found),
        building=_building(found.building) if found.building else None,
        dead_letters=DeadLetters(
            letters=found.facts.dead_letters,
            by_clock=found.facts.letters.by_clock,
            by_reason=found.facts.letters.by_kind,
        ),
    )


def told_refused(refusals: Refusals | None) -> Refused | None:
    """What this process refused, where ingest is in it."""
    if refusals is None:
        return None
    return Refused(since=as_moment(refusals.since_ms), by_reason=refusals.by_reason)


def without_operations(told: State) -> Trust:
    """What whoever reads the numbers has to know, and nothing of how the service is run.

    What was set aside or refused is of all sites, and what stands still names folders and hosts.
    """
    database = Database(answers=told.database.answers, since=told.database.since)
    return Trust(
        complete_until=told.complete_until,
        lag_seconds=told.lag_seconds,
        generation=told.generation,
        known_at=told.known_at,
        horizon=told.horizon,
        retention_days=told.retention_days,
        database=database,
        partitions=[replace(one, stands_still=UNSET) for one in told.partitions],
        audits=told.audits,
        building=told.building,
    )


def watermark_now(found: Found, age_ms: int) -> Watermark:
    """The watermark, held against the present."""
    known = found.watermark
    return Watermark(known.generation, known.complete_ms, known.now_ms + age_ms)


def _database(silence: Silence | None) -> Database:
    if silence is None:
        return Database(answers=True)
    return Database(answers=False, since=as_moment(silence.since_ms), reason=silence.reason)


def _partition(found: PartitionState, now: Watermark) -> Partition:
    its = Watermark(now.generation, found.complete_ms, now.now_ms)
    trouble = found.trouble
    return Partition(
        partition=found.partition,
        complete_until=complete_text(found.complete_ms),
        lag_seconds=lag_seconds(its),
        stopped=trouble is not None and trouble.stopped,
        reason=trouble.kind if trouble else None,
        since=as_moment(trouble.since_ms) if trouble and trouble.since_ms else None,
        stands_still=trouble.sentence if trouble else None,
    )


def _audits(found: Found) -> list[Audit]:
    return [
        Audit(kind=one.kind, at=as_moment(one.checked_ms), difference=one.difference)
        for one in found.facts.audits
        if one.generation == found.watermark.generation
    ]


def _building(found: Building) -> ToldBuilding:
    return ToldBuilding(
        generation=found.info.generation,
        state=found.info.state,
        purpose=found.info.purpose,
        since=as_moment(found.info.created_ms),
        progress=found.progress,
    )


def refuse_parameters(path: str, query: bytes) -> None:
    """Raises `RequestRefused` where there are any."""
    given, _ = parameters(query, ())
    if given:
        detail = f"{path} takes no parameters: leave the query out"
        raise RequestRefused([Problem(next(iter(given)), detail)])
