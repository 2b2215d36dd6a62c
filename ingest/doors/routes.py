"""From the table of doors to handlers: read, find the way in, append, answer."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from litestar.handlers import ASGIRouteHandler
from litestar.types import Receive, Scope

from domain.addresses import Proxies
from domain.errors import LogUnavailable, RequestRefused
from domain.keys import Right
from domain.ports.common import Clock
from ingest.appender import Appender
from ingest.doors.table import DOORS
from ingest.doors.way_in import WayIn, once_a_page
from ingest.doors.words import SMALL, Asked, Counted, DoorTo, Outcome, Refused
from ingest.faults import Limits
from ingest.viewers import Beside
from web.access import PUBLIC, Access, caller_of
from web.app import route
from web.bodies import Bodies
from web.clients import Clients
from web.patience import Patience
from web.problems import Answer, answer, kind_of
from web.refused import Noted, not_noted

PATIENCE_SECONDS = 0.8
"""For the log: a proxy of a site that passes a view on waits a second."""
STILL = ("/api/error", "/api/health", "/api/heartbeat")
"""What clients ask to see whether somebody is there."""
_READ = ("GET", "HEAD")


class Entry(NamedTuple):
    """What doors lead to. `accepted` are the moments that may be told, `new_pages` how many pages
    of strangers are new in an hour of a site in each partition, 0: any.
    """

    appender: Appender
    way_in: WayIn
    clock: Clock
    accepted: Callable[[], Limits]
    new_pages: int = 0
    noted: Noted = not_noted
    clients: Clients = Clients(Proxies())


def door_routes(
    entry: Entry,
    deadline_seconds: float,
    patience_seconds: float = PATIENCE_SECONDS,
    doors: Sequence[DoorTo] = DOORS,
) -> Sequence[ASGIRouteHandler]:
    """The handlers of `doors`; a body has `deadline_seconds` to arrive, the log so many to confirm
    and, for what browsers send, `patience_seconds`.
    """
    short = Patience(min(patience_seconds, deadline_seconds))
    small = Bodies(SMALL, deadline_seconds)

    def route_of(door: DoorTo) -> ASGIRouteHandler:
        bodies = small if door.most_bytes == SMALL else Bodies(door.most_bytes, deadline_seconds)
        patience = short if door.access.from_pages else Patience(deadline_seconds)
        handle = _Handle(door, entry, bodies, patience)
        return route(door.path, door.method, handle, entry.noted, door.access, door.also)

    return [*map(route_of, doors), *map(_still, STILL)]


class _Handle:
    """Of one door."""

    def __init__(self, door: DoorTo, entry: Entry, bodies: Bodies, patience: Patience) -> None:
        self._door = door
        self._entry = entry
        self._bodies = bodies
        self._patience = patience

    async def __call__(self, scope: Scope, receive: Receive) -> Answer:
        asked = _asked(scope, self._entry.clients)
        if found := self._door.instead(asked):
            return found
        try:
            outcomes = await self._outcomes(asked, scope, receive)
        except RequestRefused as error:
            self._entry.noted(kind_of(error))
            return self._door.refuse(error)
        for each in outcomes:
            if isinstance(each, Refused):
                self._entry.noted(each.kind)
        if views := [each for each in outcomes if isinstance(each, Counted)]:
            await self._append(views, trusted=self._is_trusted(scope))
        return self._door.tell(asked, outcomes)

    async def _outcomes(self, asked: Asked, scope: Scope, receive: Receive) -> Sequence[Outcome]:
        entry = self._entry
        now_ms, accepted = entry.clock(), entry.accepted()

        def judged(body: bytes) -> Sequence[Outcome]:
            heard = self._door.read(asked._replace(body=body))
            found = [entry.way_in.outcome(e, now_ms, accepted) for e in heard]
            return once_a_page(found) if self._door.one_view else found

        if self._door.method in _READ:
            return judged(b"")
        return await self._bodies.read(scope, receive, judged)

    async def _append(self, views: Sequence[Counted], *, trusted: bool) -> None:
        """Raises `LogUnavailable` once it has taken too long: the views may still be counted."""
        found = self._entry.way_in.gathered(views)
        beside = Beside(found.sources, 0 if trusted else self._entry.new_pages)
        try:
            with self._patience.wait():
                await self._entry.appender.append(found.events, found.texts, beside)
        except TimeoutError as error:
            message = "the log did not confirm while a browser's view may wait"
            raise LogUnavailable(message) from error

    def _is_trusted(self, scope: Scope) -> bool:
        """Is it a server's, and no browser's that anybody may be?"""
        caller = caller_of(scope)
        with_key = bool(caller.key) and Right.INGEST in caller.rights
        return with_key or not self._door.access.from_pages


def _asked(scope: Scope, clients: Clients) -> Asked:
    headers: dict[str, str] = {}
    for name, value in scope["headers"]:
        headers.setdefault(name.decode("latin-1"), value.decode("latin-1"))
    method: str = scope["method"]  # type: ignore[typeddict-item]
    address = str(clients.address_of(scope) or "")
    return Asked(method, scope["query_string"], headers, b"", address)


def _still(path: str) -> ASGIRouteHandler:
    found = answer({"status": "ok"})

    async def told(_: Scope, __: Receive) -> Answer:
        return found

    access: Access = PUBLIC._replace(from_pages=True)
    return route(path, "GET", told, access=access)
