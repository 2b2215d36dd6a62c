"""An application with all doors, and what comes into its log."""

import json
from collections import Counter
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from domain.events import Batch, PageViewed
from domain.keys import ANYBODY, Caller
from domain.problems import Kind
from domain.sites import Sites
from domain.wire import decode
from ingest.appender import Appender
from ingest.doors.routes import Entry, door_routes
from ingest.doors.way_in import WayIn
from ingest.requests import limits
from tests.asgi import http_scope
from tests.factories import TEN
from tests.fakes import FakeLog
from web.app import create_app
from web.entrance import BARE, Front

PARTITIONS = 3
NONE: Mapping[str, str] = MappingProxyType({})
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


class Said(NamedTuple):
    """An answer; headers by small names."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def content(self) -> Any:
        return json.loads(self.body)


class Doors:
    """All of them, for `sites`; asked by `caller`."""

    def __init__(
        self,
        sites: str = "shop.example,app.example",
        page_query: str = "",
        log: FakeLog | None = None,
        caller: Caller | None = None,
        days: int = 0,
        patience_seconds: float = 5,
        front: Front = BARE,
    ) -> None:
        self.log = log or FakeLog()
        self.refused: Counter[str] = Counter()
        appender = Appender(
            self.log,
            clock=lambda: TEN,
            producer=lambda: "p1",
            draw_shard=lambda: 0,
            linger_seconds=0,
            deadline_seconds=10,
        )
        way_in = WayIn(Sites(sites), page_query, PARTITIONS, lambda agent: agent[:7])
        entry = Entry(appender, way_in, lambda: TEN, lambda: limits(TEN, days), 4, self._note)
        handlers = door_routes(entry, 10, patience_seconds)
        self._app: Any = create_app(
            handlers, {}, {}, noted=self._note, lock=lambda _: caller or ANYBODY, front=front
        )

    def _note(self, kind: Kind) -> None:
        self.refused[kind.name] += 1

    async def ask(
        self,
        path: str,
        body: bytes = b"",
        *,
        method: str = "POST",
        headers: Mapping[str, str] = NONE,
        client: str = "127.0.0.1",
        **more: str,
    ) -> Said:
        """What is answered; of names of headers the underscores are dashes."""
        given = {"host": "count.example", "user-agent": FIREFOX} | {
            name.replace("_", "-"): value for name, value in {**headers, **more}.items()
        }
        raw = [(k.encode(), v.encode("latin-1")) for k, v in given.items() if v]
        where, _, query = path.partition("?")
        scope = http_scope(method, where.encode(), raw, query.encode())
        scope["client"] = (client, 4711)
        sent: list[Any] = []

        async def receive() -> Any:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)

        await self._app(scope, receive, send)
        told = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
        return Said(sent[0]["status"], told, b"".join(m.get("body", b"") for m in sent))

    async def tell(self, path: str, told: Any, **headers: str) -> Said:
        """The same with JSON."""
        return await self.ask(path, json.dumps(told).encode(), headers=headers)

    def batches(self) -> list[Batch]:
        """What the log has."""
        return [decode(body) for bodies in self.log.entries.values() for body in bodies]

    def views(self) -> list[PageViewed]:
        """Of all of them."""
        return [event for batch in self.batches() for event in batch.events]

    def sources(self) -> list[str | None]:
        """Where each view came from."""
        columns = [batch.sources.by_event() for batch in self.batches() if batch.sources]
        return [source for column in columns for source in column]

    def pages(self) -> dict[str, int]:
        """How many views each has."""
        return dict(Counter(event.page for event in self.views()))
