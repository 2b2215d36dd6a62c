"""Handlers of Plausible's statistics."""

from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from litestar.handlers import ASGIRouteHandler
from litestar.types import Receive, Scope

from domain.keys import Right
from domain.ports.common import Clock
from domain.ports.stats import StatsReader
from domain.sites import Sites
from domain.stats.selection import Selection
from read_api.plausible import legacy, legacy_reading
from read_api.plausible.answering import Told, answered
from read_api.plausible.asking import reader_of, selection_of
from read_api.plausible.query import read_query, site_fault
from read_api.plausible.refusing import wrong_parameter
from read_api.stats.given import Given
from read_api.waiting import Waiting
from read_api.watermark import watermark_headers
from web.access import Access, caller_of
from web.app import Handle, route
from web.bodies import Bodies
from web.problems import Answer, answer

QUERY = "/api/v2/query"
STATS = "/api/v1/stats"
MAX_BODY_BYTES = 100_000

_SECOND_MS = 1_000
_ACCESS = Access(Right.READ, says_error=True)
_Legacy = Callable[[StatsReader, Given, Selection, int], Coroutine[Any, Any, Told]]
_NOBODY_NOW = (
    "how many visitors there are now is not known here, views of pages are counted and not who "
    f"makes them: ask {STATS}/aggregate with metrics=pageviews and period=day"
)


def plausible_routes(
    stats: StatsReader, clock: Clock, waiting: Waiting, sites: Sites, seconds: float
) -> Sequence[ASGIRouteHandler]:
    """For `sites`; bodies arrive within so many `seconds`."""
    bodies = Bodies(MAX_BODY_BYTES, seconds)

    async def query(scope: Scope, receive: Receive) -> Answer:
        given = Given(scope["query_string"], ("agent",), caller_of(scope))
        agent = given.agent()
        given.refuse_faults()
        now = clock() // _SECOND_MS
        asked = await bodies.read(scope, receive, lambda body: read_query(body, now))
        selection = selection_of(asked.site_id, agent, given.caller, sites)
        reader = reader_of(stats, given, waiting, receive)
        return _answer(await answered(reader, asked, selection, now))

    def asked_by(names: Sequence[str], ask: _Legacy) -> Handle:
        async def handle(scope: Scope, receive: Receive) -> Answer:
            given = Given(scope["query_string"], names, caller_of(scope))
            agent = given.agent()
            given.refuse_faults()
            site = _site(given)
            selection = selection_of(site, agent, given.caller, sites)
            reader = reader_of(stats, given, waiting, receive)
            return _answer(await ask(reader, given, selection, clock() // _SECOND_MS))

        return handle

    async def nobody_now(_: Scope, __: Receive) -> Answer:
        raise wrong_parameter("visitors", _NOBODY_NOW)

    return [
        route(QUERY, "POST", query, access=_ACCESS),
        *(
            route(f"{STATS}/{name}", "GET", asked_by(names, ask), access=_ACCESS)
            for name, names, ask in (
                ("aggregate", legacy_reading.AGGREGATE, legacy.aggregate),
                ("timeseries", legacy_reading.TIMESERIES, legacy.timeseries),
                ("breakdown", legacy_reading.BREAKDOWN, legacy.breakdown),
            )
        ),
        route(f"{STATS}/realtime/visitors", "GET", nobody_now, access=_ACCESS),
    ]


def _site(given: Given) -> str:
    site = given.text("site_id")
    if fault := site_fault(site):
        raise wrong_parameter("site_id", fault)
    return site or ""


def _answer(told: Told) -> Answer:
    headers = [(b"cache-control", b"no-store"), *watermark_headers(told.standing.watermark)]
    return answer(told.content, headers=headers)
