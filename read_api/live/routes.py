"""GET /stats/live, and the same as server-sent events."""

from collections.abc import Callable, Sequence

from litestar.handlers import ASGIRouteHandler
from litestar.types import Receive, Scope

from domain.keys import Right
from domain.ports.common import Clock
from domain.problems import OVERLOADED
from domain.stats.selection import Selection
from read_api.awaited import POSITION
from read_api.live.answers import Answers
from read_api.live.events import MEDIA_TYPE, events
from read_api.live.follower import Follower
from read_api.stats.given import SELECTION, SOURCE, Given
from web.access import Access, caller_now, caller_of
from web.app import route
from web.problems import Answer, problem
from web.streaming import Streamed

PATH, EVENTS = "/stats/live", "/stats/live/events"
NAMES = (*SELECTION, "agent", SOURCE)
MOST_CLIENTS = 200
"""Streams that are open at once, of a process."""
MOST_PUBLIC = MOST_CLIENTS // 2
"""Of them, for those who come without a key where others need one: there is room for the others."""
RETRY_AFTER_SECONDS = 5
# Whoever asks first may be told more than nothing.
_CATCHING_UP_SECONDS = 2.0

_ACCESS = Access(Right.READ)
_FRESH = [(b"cache-control", b"no-store")]
# A proxy that keeps a stream back until there is enough of it shows nothing.
_STREAM = [*_FRESH, (b"x-accel-buffering", b"no")]


def live_routes(follower: Follower, clock: Clock) -> Sequence[ASGIRouteHandler]:
    """Its handlers. They answer whether the log can be reached or not."""
    answers = Answers(follower, clock)

    async def live(scope: Scope, _: Receive) -> Answer:
        asked = _asked(scope)
        follower.asked()
        await follower.caught_up(_CATCHING_UP_SECONDS)
        return Answer(200, answers.told(asked).body, headers=_FRESH)

    async def streamed(scope: Scope, _: Receive) -> Streamed | Answer:
        asked = _asked(scope)
        public = caller_of(scope).is_public
        if public and follower.public_lookers >= MOST_PUBLIC:
            return _too_many(MOST_PUBLIC)
        if follower.lookers >= MOST_CLIENTS or follower.ended:
            return _too_many(MOST_CLIENTS)
        pieces = events(follower, answers, asked, _still(scope), public=public)
        return Streamed(pieces, MEDIA_TYPE, _STREAM, no_end=True)

    return [
        route(PATH, "GET", live, access=_ACCESS),
        route(EVENTS, "GET", streamed, access=_ACCESS),
    ]


def _asked(scope: Scope) -> Selection:
    given = Given(scope["query_string"], NAMES, caller_of(scope))
    asked = given.selection()
    if given.awaited is not None:
        given.fault(POSITION, f"what is live is confirmed and not counted: leave {POSITION} out")
    given.refuse_faults()
    return asked.within(given.caller.sites)


def _still(scope: Scope) -> Callable[[], bool]:
    """May who asks still be told the same?"""
    known = caller_of(scope)

    def still() -> bool:
        now = caller_now(scope)
        return Right.READ in now.rights and now.sites == known.sites

    return still


def _too_many(streams: int) -> Answer:
    detail = f"{streams} streams are open already: ask {PATH} every few seconds, or come back later"
    headers = [(b"retry-after", str(RETRY_AFTER_SECONDS).encode())]
    return problem(OVERLOADED, detail, (), headers, "GET")
