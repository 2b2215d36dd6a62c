"""An API over the rows of some sites, and the same over those of one of them alone."""

import asyncio
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from litestar import Litestar
from litestar.routes import ASGIRoute
from sqlalchemy import insert, update

from cli.wiring import web as wiring
from domain.agents.classes import Agent, slot_of
from domain.events import Generation, Hour
from domain.hours import hour_of, parse_instant
from domain.keys import ANYBODY, Caller, Right
from domain.stats.selection import site_of
from migrations.upgrade import upgrade
from rows.engine import open_engine
from rows.layout import layout_of
from rows.tables import dimension_views, generations
from tests.asgi import http_scope
from tests.conftest import embedded
from tests.contract.stats.rolled import Rolling, roll
from tests.contract.stats.site import dimension_rows
from tests.unit.read_api.stats_site import Answered
from web.access import set_caller
from web.app import ACCESS

NOW_MS = parse_instant("2025-07-16T12:34:56Z")
NOW = hour_of(NOW_MS)
MINE, OTHERS = "mine.example", "other.example"
BOUND = Caller("k", frozenset({Right.READ}), frozenset({MINE, "unseen.example"}))
# The first and the last hour, the most views, most pages and every robot are of others.
ROWS = {
    (page, Hour(NOW - hours), slot_of(0, agent)): views
    for page, hours, agent, views in [
        (f"{MINE}/a", 1, Agent.PERSON, 3),
        (f"{MINE}/a", 30, Agent.UNKNOWN, 2),
        (f"{MINE}/b", 49, Agent.PERSON, 7),
        (f"{MINE}/b", 2_000, Agent.PERSON, 1),
        (MINE, 5, Agent.UNKNOWN, 1),
        *((f"{OTHERS}/{n}", n * 41 + 1, Agent(n % 3), 100 + n) for n in range(100)),
        (f"{MINE}.evil/a", 3, Agent.ROBOT, 1_000),
        ("mine.exampl/a", 3, Agent.PERSON, 1_000),
        (f"/{MINE}/a", 3, Agent.PERSON, 1_000),
        (f"a.{MINE}/a", 0, Agent.PERSON, 1_000),
    ]
}

SOURCES = {
    (site, NOW - hours, source, 0, agent): views
    for site, hours, source, agent, views in [
        (MINE, 1, "search.example", Agent.PERSON, 2),
        (MINE, 30, "", Agent.UNKNOWN, 1),
        (OTHERS, 1, "search.example", Agent.PERSON, 100),
        (OTHERS, 42, "secret.example", Agent.ROBOT, 101),
        (f"{MINE}.evil", 3, "evil.example", Agent.ROBOT, 9),
    ]
}
THEIRS, THEIRS_FROM = (
    {key: views for key, views in counts.items() if site_of(key[0]) == MINE}
    for counts in (ROWS, SOURCES)
)
PAGES = [f"{MINE}/a", f"{OTHERS}/0", f"{MINE}.evil/a", MINE, "nowhere/a"]
SITES = [MINE, OTHERS, f"{MINE}.evil", "", "nowhere"]
# Of another mark, which is of who asks; and of the moment of the answer.
_CURSOR = re.compile(rb'"next":"[^"]+"')
_VOLATILE = (b"etag", b"footfall-lag-seconds", b"link")


class Whole:
    """The API over some rows, asked behind its door: who comes is said here."""

    def __init__(self, app: Litestar) -> None:
        self.app: Any = app
        found = [route for route in app.routes if isinstance(route, ASGIRoute)]
        self.routes: dict[str, Any] = {route.path: route.route_handler.fn for route in found}
        self.rights: dict[str, Right | None] = {
            route.path: route.route_handler.opt[ACCESS].right for route in found
        }

    async def ask(
        self,
        caller: Caller,
        path: str,
        query: Mapping[str, str],
        held: str = "",
        method: str = "GET",
        body: bytes = b"",
    ) -> Answered:
        found = Answered()
        headers = [(b"host", b"127.0.0.1"), *([(b"if-none-match", held.encode())] if held else [])]
        scope = http_scope(method, path.encode(), headers, urlencode(query).encode())
        set_caller(scope, caller)
        await self.routes[path](scope, receiving(body), found.send)
        return found

    async def ask_the_door(self, secret: str, path: str, query: Mapping[str, str]) -> Answered:
        """With a key, from whose secret it is found out who comes."""
        found = Answered()
        headers = [(b"host", b"127.0.0.1"), (b"authorization", f"Bearer {secret}".encode())]
        scope = http_scope("GET", path.encode(), headers, urlencode(query).encode())
        await self.app(scope, receiving(b""), found.send)
        return found


def receiving(body: bytes) -> Any:
    asked = iter([{"type": "http.request", "body": body, "more_body": False}])

    async def receive() -> Any:
        for message in asked:
            return message
        return await asyncio.Event().wait()

    return receive


class Both:
    """The same API over all rows and over those of one site alone."""

    def __init__(self, loop: asyncio.Runner, everything: Whole, alone: Whole) -> None:
        self.run = loop.run
        self.everything = everything
        self.alone = alone

    def heard(
        self, path: str, query: Mapping[str, str], other: Caller = ANYBODY, **how: Any
    ) -> Answered:
        """By a bound caller of all rows; it is what an `other` one hears where there is no more."""
        found = self.run(self.everything.ask(BOUND, path, query, **how))
        wanted = self.run(self.alone.ask(other, path, query, **how))
        assert found.status == wanted.status
        assert comparable(found.body) == comparable(wanted.body), (path, query)
        assert lasting(found) == lasting(wanted)
        return found


def comparable(body: bytes) -> bytes:
    return _CURSOR.sub(b'"next":"one"', body)


def lasting(found: Answered) -> dict[bytes, bytes]:
    return {
        name: value
        for name, value in found.headers.items()
        if name not in (*_VOLATILE, b"content-length")
    }


@asynccontextmanager
async def application(
    folder: Path,
    rows: Mapping[Any, int],
    sources: Mapping[Any, int],
    keys_file: Path | None = None,
) -> AsyncIterator[Whole]:
    """Over a file of SQLite in which some days are rolled up."""
    at = replace(embedded(folder), keys_file=keys_file)
    (folder / "data").mkdir(parents=True)
    engine = open_engine(at.rows_url)
    await upgrade(engine)
    layout = layout_of(engine)
    async with engine.begin() as connection:
        await layout.add(connection, Generation(1), rows)
        await connection.execute(insert(dimension_views), dimension_rows(sources))
        await roll(connection, Generation(1), rows, Rolling(1.0, listed=True), sources)
        await connection.execute(update(generations).values(complete_ms=NOW_MS - 1_000))
    await engine.dispose()
    app = wiring.create_web(at, ingest=False, read_api=True)
    async with app.lifespan():
        yield Whole(app)


class Opened:
    """Two applications in a task of their own: who began them has to end them."""

    def __init__(self, folder: Path) -> None:
        self._over = asyncio.Event()
        self._folder = folder

    async def begin(self) -> Sequence[Whole]:
        found: asyncio.Future[Sequence[Whole]] = asyncio.get_running_loop().create_future()
        self._task = asyncio.create_task(self._held(found))
        await asyncio.wait([self._task, found], return_when=asyncio.FIRST_COMPLETED)
        return found.result() if found.done() else self._task.result()

    async def end(self) -> None:
        self._over.set()
        await self._task

    async def _held(self, found: asyncio.Future[Sequence[Whole]]) -> Any:
        async with (
            application(self._folder / "everything", ROWS, SOURCES) as everything,
            application(self._folder / "alone", THEIRS, THEIRS_FROM) as alone,
        ):
            found.set_result([everything, alone])
            await self._over.wait()
