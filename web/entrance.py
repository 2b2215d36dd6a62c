"""What stands in front of the door: names of requests, limits of clients, words for browsers."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Receive, Scope, Send

from domain.addresses import Proxies
from domain.problems import TOO_MANY_REQUESTS
from web.access import caller_of
from web.access_log import AccessLog
from web.clients import Clients
from web.cookies import COOKIE
from web.cross_origin import CrossOrigin, Pages
from web.door import headless
from web.passage import Header, Passage, enter, passage_of, request_id
from web.places import Places
from web.problems import Answer, problem, send_answer
from web.rates import Rate, Taken
from web.refused import Noted

_OF_BROWSERS = (b"origin", b"sec-fetch-site", COOKIE)


class Front(NamedTuple):
    """How an application meets its clients.

    `of_pages` is how often one address may ask where web pages send to, where browsers sign in, and
    what everybody may read where others need a key; `of_callers` how often one key may ask all
    else, or one address that needs none. None: as often as they like.
    """

    clients: Clients = Clients(Proxies())
    of_pages: Rate | None = None
    of_callers: Rate | None = None
    cross_origin: CrossOrigin = CrossOrigin()
    access_log: AccessLog | None = None


BARE = Front()
"""Nobody is limited, nothing is told."""


class Entrance:
    """An application behind `door`, which has these `places`; requests that are too many are
    `noted`."""

    def __init__(self, door: ASGIApp, places: Places, front: Front, noted: Noted) -> None:
        self._door = door
        self._places = places
        self._clients = front.clients
        self._rate = front.of_pages
        self._cross_origin = front.cross_origin
        self._access_log = front.access_log
        self._noted = noted

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await self._door(scope, receive, send)
            return
        place = self._places.at(scope)
        passage = Passage(request_id(scope["headers"]), place.access if place else None)
        enter(scope, passage)
        if self._access_log is None:
            await self._answered(scope, receive, send)
            return
        await self._access_log.followed(self._answered, scope, receive, send, place, passage)

    async def _answered(self, scope: Scope, receive: Receive, send: Send) -> None:
        passage = passage_of(scope)
        assert passage is not None
        pages = self._cross_origin.pages_of(passage.access)
        if pages == "none" and not (passage.access and passage.access.by_address):
            await self._door(scope, receive, _marked(passage.added, send))
            return
        marked = _marked(passage.added, send, with_pages=True)
        origin = _origin(scope)
        passage.added += self._cross_origin.headers(pages, origin)
        found = self._preflight(scope, pages, origin)
        if found is None and pages != "named":
            found = self._too_often(scope, passage)
        if found is not None:
            await send_answer(headless(marked) if _method(scope) == "HEAD" else marked, found)
            return
        if pages == "named" and self._cross_origin.is_named(origin):
            # The door refuses what pages of other sites send; this one is let in, by its key alone.
            scope["headers"] = [each for each in scope["headers"] if each[0] not in _OF_BROWSERS]
        await self._door(scope, receive, marked)

    def _preflight(self, scope: Scope, pages: Pages, origin: bytes) -> Answer | None:
        options = _method(scope) == "OPTIONS"
        return self._cross_origin.preflight(pages, origin) if options else None

    def _too_often(self, scope: Scope, passage: Passage) -> Answer | None:
        if self._rate is None or not (who := self._clients.stranger_of(scope)):
            return None
        taken = self._rate.take(who)
        passage.added += taken.headers
        if not taken.too_many:
            return None
        if not (passage.access and passage.access.by_address):
            self._noted(TOO_MANY_REQUESTS)
        return _too_many(taken, _method(scope))


class OfCallers:
    """An application whose callers each have a rate; behind the door, which knows who they are."""

    def __init__(self, app: ASGIApp, front: Front, noted: Noted) -> None:
        self._app = app
        self._rate = front.of_callers
        self._rate_of_public = front.of_pages
        self._clients = front.clients
        self._noted = noted

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        passage = passage_of(scope)
        # What needs no right is asked by those who watch over the process, or is limited in front.
        if passage is not None and passage.access is not None and passage.access.right is not None:
            refusal = self.too_many(scope, passage)
            if refusal is not None:
                await send_answer(send, refusal)
                return
        await self._app(scope, receive, send)

    def too_many(self, scope: Scope, passage: Passage) -> Answer | None:
        """What a caller is told who asks more often than that; what is left is told in any case."""
        caller = caller_of(scope)
        rate = self._rate_of_public if caller.is_public else self._rate
        who = f"key {caller.key}" if caller.key else self._clients.stranger_of(scope)
        if not rate or not who:
            return None
        taken = rate.take(who)
        passage.added += taken.headers
        if not taken.too_many:
            return None
        if _method(scope) == "POST":
            self._noted(TOO_MANY_REQUESTS)
        return _too_many(taken, _method(scope))


def _too_many(taken: Taken, method: str) -> Answer:
    after = f"send it again in {taken.wait_seconds} s"
    detail = f"these are more requests than one client may send: {after}"
    retry = [(b"retry-after", b"%d" % taken.wait_seconds)]
    return problem(TOO_MANY_REQUESTS, detail, (), retry, method)


def _marked(added: list[Header], send: Send, *, with_pages: bool = False) -> Send:
    """Adds to the headers what the way in has found for them until then."""

    async def marked(message: Any) -> None:
        if message["type"] == "http.response.start":
            headers = message.get("headers", ())
            message["headers"] = [*headers, *(_unsaid(headers, added) if with_pages else added)]
        await send(message)

    return marked


def _unsaid(headers: Iterable[Header], added: Iterable[Header]) -> Iterable[Header]:
    """A handler may say itself which pages read its answers."""
    said = {name for name, _ in headers if name.startswith(b"access-control-")}
    return [each for each in added if each[0] not in said]


def _origin(scope: Scope) -> bytes:
    """b"" where it is none or several: nothing is told to these."""
    found = [value for name, value in scope["headers"] if name == b"origin"]
    return found[0] if len(found) == 1 else b""


def _method(scope: Scope) -> str:
    found: str = scope["method"]  # type: ignore[typeddict-item]
    return found
