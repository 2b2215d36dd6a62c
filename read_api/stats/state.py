"""GET /stats/state: whether the numbers can be trusted, also when they do not come."""

from litestar.handlers import ASGIRouteHandler
from litestar.types import Receive, Scope

from domain.errors import Problem, RequestRefused
from domain.events import Hour
from domain.hours import as_moment
from domain.ports.common import Clock
from domain.reports import Watermark
from domain.stats.state import Building, PartitionState
from domain.stats.state import State as Found
from read_api.queries import parameters
from read_api.stats.last_known import LastKnown, Read, Seen, Silence
from read_api.stats.state_shapes import Audit, Database, DeadLetters, Partition, State
from read_api.stats.state_shapes import Building as ToldBuilding
from read_api.stats.telling import complete_text, horizon_text
from read_api.watermark import lag_seconds, watermark_headers
from web.app import route
from web.problems import Answer, answer

PATH = "/stats/state"


def state_route(read: Read, clock: Clock) -> ASGIRouteHandler:
    """Its handler. It answers 200 whether the database answers or not."""
    known = LastKnown(read, clock)

    async def state(scope: Scope, _: Receive) -> Answer:
        _refuse_parameters(scope["query_string"])
        seen = await known.seen()
        headers = [(b"cache-control", b"no-store")]
        if seen.state:
            headers += watermark_headers(_now(seen.state, seen.age_ms))
        return answer(told_state(seen), headers=headers)

    return route(PATH, "GET", state)


def told_state(seen: Seen) -> State:
    """What is known, in the words of the answer."""
    database = _database(seen.silence)
    if seen.state is None:
        return State(
            complete_until=None,
            lag_seconds=None,
            generation=None,
            known_at=None,
            horizon=None,
            database=database,
            partitions=[],
            audits=[],
            building=None,
            dead_letters=None,
        )
    found, now = seen.state, _now(seen.state, seen.age_ms)
    return State(
        complete_until=complete_text(now.complete_ms),
        lag_seconds=lag_seconds(now),
        generation=now.generation,
        known_at=complete_text(found.watermark.now_ms),
        horizon=horizon_text(Hour(found.facts.horizon_hour)),
        database=database,
        partitions=[_partition(one, now) for one in found.partitions],
        audits=_audits(found),
        building=_building(found.building) if found.building else None,
        dead_letters=DeadLetters(
            letters=found.facts.dead_letters, by_clock=found.facts.letters.by_clock
        ),
    )


def _now(found: Found, age_ms: int) -> Watermark:
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


def _refuse_parameters(query: bytes) -> None:
    given, _ = parameters(query, ())
    if given:
        detail = f"{PATH} takes no parameters: leave the query out"
        raise RequestRefused([Problem(next(iter(given)), detail)])
