"""The short way: usual requests of hot routes, answered without a router and without messages.

What is decided by a head alone is decided once: the same comes again and again. What may be
otherwise the next time is asked each time, who has which key and who asks too often. All that is
not as usual as that goes the long way, by entrance, door and route, and is answered the same.
"""

import asyncio
from collections.abc import Callable, Collection, Sequence
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


Taking = tuple["asyncio.Future[Any]", Callable[[Any], Answer]]
"""What is waited for, and what makes an answer of its result."""
Take = Callable[[bytes], Taking]
"""Takes a whole body. May raise at once what `Troubles` know."""


class Hot(NamedTuple):
    """A route that takes most of what comes: how it is asked, by a handler of ASGI or with a whole
    body."""

    path: str
    method: str
    access: Access
    handler: ASGIApp
    take: Take
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

    __slots__ = ("hot", "id", "place", "scope", "shown", "way")

    def __init__(self, way: ShortWay, hot: Hot, scope: Scope, shown: Shown) -> None:
        self.way = way
        self.hot = hot
        self.scope: Any = scope
        self.shown = shown
        self.place = Place(hot.path, hot.access)
        self.id = given_id(scope["headers"])


class Asked:
    """One request that `client` sent with that head."""

    __slots__ = ("_accepted", "_began", "_passage", "_scope", "_usual")

    def __init__(self, usual: Usual, client: Client) -> None:
        self._usual = usual
        self._scope: Any = usual.scope | {"client": client}
        self._passage = Passage(usual.id or new_id(), usual.hot.access)
        self._accepted: Callable[[Any], Answer] = itself
        self._began = monotonic() if usual.way.access_log else 0.0
        enter(self._scope, self._passage)

    @property
    def added(self) -> Sequence[Header]:
        """Headers that go with its answer, beside the answer's own."""
        return self._passage.added

    def begin(self, body: bytes) -> "asyncio.Future[Any] | Answer":
        """The answer, or what is waited for until `end`."""
        usual, way, scope = self._usual, self._usual.way, self._scope
        try:
            refusal = way.door.locked_out(scope, usual.hot.access, usual.shown)
            if refusal is None and way.callers is not None:
                refusal = way.callers.too_many(scope, self._passage)
            if refusal is None:
                taking, self._accepted = usual.hot.take(body)
                return taking
            return self._told(refusal)
        except Exception as error:  # noqa: BLE001
            return self._failed(error)

    def end(self, taking: "asyncio.Future[Any]") -> Answer:
        """The answer, now that it is known. Raises `CancelledError`."""
        try:
            return self._told(self._accepted(taking.result()))
        except Exception as error:  # noqa: BLE001
            return self._failed(error)
        except BaseException:
            self._log(0, 0)
            raise

    def _failed(self, error: Exception) -> Answer:
        try:
            return self._told(self._usual.hot.troubles.answer(error, self._scope))
        except Exception as unforeseen:  # noqa: BLE001
            return self._told(self._usual.way.unforeseen.answer(unforeseen, self._scope))

    def _told(self, found: Answer) -> Answer:
        self._log(found.status, len(found.body))
        return found

    def _log(self, status: int, size: int) -> None:
        log = self._usual.way.access_log
        if log is not None:
            place, request = self._usual.place, self._passage.id
            log.tell(self._scope, place, request, status, size, self._began)


def itself(found: Answer) -> Answer:
    """Of what has an answer for its result."""
    return found
