"""The short way: usual requests of hot routes, answered without a router and without messages.

What is decided by a head alone is decided once: the same comes again and again. What may be
otherwise the next time is asked each time, who has which key and who asks too often. All that is
not as usual as that goes the long way, by entrance, door and route, and is answered the same.
"""

from collections.abc import Awaitable, Callable, Collection, Sequence
from time import monotonic
from typing import Any, NamedTuple

from litestar.types import ASGIApp, Receive, Scope, Send

from web.access import Access
from web.asking import Shown
from web.door import Door
from web.entrance import Front, OfCallers
from web.passage import Header, Passage, enter, given_id, new_id
from web.places import Place
from web.problems import Answer, send_answer
from web.troubles import Troubles, Unforeseen

Client = tuple[str, int] | None


class Hot(NamedTuple):
    """A route that takes most of what comes: how it is asked, by a handler of ASGI or with a whole
    body."""

    path: str
    method: str
    access: Access
    handler: ASGIApp
    take: Callable[[bytes], Awaitable[Answer]]
    troubles: Troubles


class OfHot:
    """An application whose hot routes are not looked for among all others."""

    def __init__(self, hot: Collection[Hot], app: ASGIApp, unforeseen: Unforeseen) -> None:
        self._handlers = {each.path: each.handler for each in hot}
        self._app = app
        self._unforeseen = unforeseen

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        handler = self._handlers.get(scope["path"])
        if handler is None:
            await self._app(scope, receive, send)
            return
        try:
            await handler(scope, receive, send)
        except Exception as error:  # noqa: BLE001
            await send_answer(send, self._unforeseen.answer(error, scope))


class ShortWay:
    """Into an application, past `door` and `callers`."""

    def __init__(
        self,
        hot: Collection[Hot],
        door: Door,
        callers: OfCallers | None,
        front: Front,
        unforeseen: Unforeseen,
    ) -> None:
        self._hot = {(each.method, each.path): each for each in hot}
        self.door = door
        self.callers = callers
        self.access_log = front.access_log
        self.unforeseen = unforeseen

    @property
    def asked(self) -> Collection[tuple[str, str]]:
        """Methods and paths."""
        return self._hot.keys()

    def usual(self, scope: Scope) -> "Usual | None":
        """Who answers requests of these headers; None: they go the long way."""
        found: Any = scope
        hot = self._hot.get((found["method"], found["path"]))
        # Others have more to be told, or are limited in front of the door.
        if hot is None or hot.access != Access(hot.access.right):
            return None
        shown = self.door.shown_plainly(scope)
        return Usual(self, hot, scope, shown) if shown else None


class Usual:
    """Answers requests of one head."""

    __slots__ = ("_hot", "_id", "_place", "_scope", "_shown", "_way")

    def __init__(self, way: ShortWay, hot: Hot, scope: Scope, shown: Shown) -> None:
        self._way = way
        self._hot = hot
        self._scope: Any = scope
        self._shown = shown
        self._place = Place(hot.path, hot.access)
        self._id = given_id(scope["headers"])

    async def answer(self, client: Client, body: bytes) -> tuple[Answer, Sequence[Header]]:
        """What `client` is told who sent the head with this whole `body`, and the headers that go
        with it beside its own."""
        scope: Any = self._scope | {"client": client}
        passage = Passage(self._id or new_id(), self._hot.access)
        enter(scope, passage)
        log = self._way.access_log
        if log is None:
            return await self._answer(scope, passage, body), passage.added
        began, status, size = monotonic(), 0, 0
        try:
            found = await self._answer(scope, passage, body)
            status, size = found.status, len(found.body)
        finally:
            log.tell(scope, self._place, passage.id, status, size, began)
        return found, passage.added

    async def _answer(self, scope: Scope, passage: Passage, body: bytes) -> Answer:
        way, hot = self._way, self._hot
        try:
            refusal = way.door.locked_out(scope, hot.access, self._shown)
            if refusal is None and way.callers is not None:
                refusal = way.callers.too_many(scope, passage)
            if refusal is not None:
                return refusal
            try:
                return await hot.take(body)
            except Exception as error:  # noqa: BLE001
                return hot.troubles.answer(error, scope)
        except Exception as error:  # noqa: BLE001
            return way.unforeseen.answer(error, scope)
