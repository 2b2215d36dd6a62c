"""A key that is bound to sites looks at the log's end: what it hears is what is of these."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from cli.wiring import web as wiring
from cli.wiring.migrate import migrate
from domain.events import Partition
from domain.keys import ANYBODY
from domain.settings import Settings
from domain.wire import encode
from log.opening import open_writer
from read_api.live.routes import EVENTS, NAMES, PATH
from tests.asgi import http_scope
from tests.conftest import embedded
from tests.factories import batch, event
from tests.unit.read_api.stats_site import Answered
from tests.unit.web.two_sites import BOUND, MINE, NOW_MS, OTHERS, PAGES, SITES, Both, Whole
from web.access import set_caller

OF_THE_LOG = {PATH, EVENTS}
VIEWED = [*PAGES, f"a.{MINE}/a", f"{OTHERS}/1", f"{MINE}/b", f"/{MINE}/a"]
THEIRS = [page for page in VIEWED if page == MINE or page.startswith(f"{MINE}/")]
PARAMETERS = {
    "page": PAGES,
    "prefix": [f"{MINE}/a", f"{OTHERS}/", "m", "mine.", "o", "/"],
    "site": SITES,
    "agent": ["person", "unknown", "all"],
    "source": ["", "search.example"],
}


@asynccontextmanager
async def application(at: Settings, pages: Iterable[str]) -> AsyncIterator[Whole]:
    """Over an embedded log with a view of each page, from a source that it shares with others."""
    await migrate(at)
    writer = open_writer(at)
    events = [event(page, NOW_MS - 1_000) for page in pages]
    sources = ["search.example"] * len(events)
    await writer.append(Partition(1), encode(batch(*events, at_ms=NOW_MS, sources=sources)))
    await writer.close()
    app = wiring.create_web(at, ingest=False, read_api=True)
    async with app.lifespan():
        yield Whole(app)


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    folder = tmp_path_factory.mktemp("live")
    for name in ("everything", "alone"):
        (folder / name).mkdir()
    with pytest.MonkeyPatch.context() as patch, asyncio.Runner() as loop:
        patch.setattr(wiring, "now_ms", lambda: NOW_MS)
        over = asyncio.Event()
        found: asyncio.Queue[tuple[Whole, Whole]] = asyncio.Queue()

        async def held() -> None:
            async with (
                application(embedded(folder / "everything"), VIEWED) as everything,
                application(embedded(folder / "alone"), THEIRS) as alone,
            ):
                await found.put((everything, alone))
                await over.wait()

        async def end(holding: asyncio.Task[None]) -> None:
            over.set()
            await holding

        async def begin() -> tuple[asyncio.Task[None], tuple[Whole, Whole]]:
            holding = asyncio.create_task(held())
            return holding, await found.get()

        holding, wholes = loop.run(begin())
        yield Both(loop, *wholes)
        loop.run(end(holding))


@pytest.mark.parametrize("name", NAMES)
def test_another_site_is_asked_for_by_every_parameter(both: Both, name: str) -> None:
    for value in PARAMETERS[name]:
        assert both.heard(PATH, {name: value}).status == 200
    both.heard(PATH, {"site": OTHERS, "source": "search.example"})


def test_a_stream_tells_no_more(both: Both) -> None:
    async def first(whole: Whole, caller: Any) -> Answered:
        await whole.ask(caller, PATH, {})
        found, left = Answered(), asyncio.Event()

        async def receive() -> Any:
            await left.wait()
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            await found.send(message)
            if message["type"] == "http.response.body":
                left.set()

        scope = http_scope("GET", EVENTS.encode(), [(b"host", b"127.0.0.1")])
        set_caller(scope, caller)
        await whole.routes[EVENTS](scope, receive, send)
        return found

    def data(found: Answered) -> bytes:
        return found.body.partition(b"\ndata: ")[2]

    of_all = data(both.run(first(both.everything, BOUND)))
    assert of_all == data(both.run(first(both.alone, ANYBODY)))
    assert MINE.encode() in of_all
    assert data(both.run(first(both.everything, ANYBODY))) != of_all


def test_whoever_is_bound_to_nothing_hears_of_all(both: Both) -> None:
    """Or nothing above could fail."""
    found = both.run(both.everything.ask(ANYBODY, PATH, {}))
    assert (found.status, found.json["views"], found.json["state"]) == (
        200, len(VIEWED), "following"
    )  # fmt: skip
    assert both.run(both.alone.ask(ANYBODY, PATH, {})).json["views"] == len(THEIRS)
