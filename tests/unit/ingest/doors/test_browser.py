"""POST /page-views/browser, and what holds for all doors that browsers send to."""

import asyncio
import gzip

import pytest

from domain.errors import LogUnavailable
from domain.events import Partition
from domain.keys import Caller, Right
from ingest.doors.table import DOORS
from ingest.doors.words import DoorTo
from tests.factories import TEN
from tests.fakes import FakeLog
from tests.unit.ingest.doors.knocking import FIREFOX, Doors

PATH = "/page-views/browser"
VIEW = b'{"url":"https://shop.example/a?token=x#top","referrer":"https://search.example/"}'


class SilentLog(FakeLog):
    """Takes what it is given and never says so."""

    async def append(self, partition: Partition, body: bytes) -> None:
        await super().append(partition, body)
        await asyncio.Event().wait()


async def test_a_view_counts_now_for_host_and_path_with_what_is_kept_of_the_agent() -> None:
    doors = Doors()
    said = await doors.ask(PATH, VIEW)
    assert (said.status, said.content) == (202, {"accepted": 1})
    (batch,) = doors.batches()
    (view,) = batch.events
    assert (view.page, view.at_ms, view.count) == ("shop.example/a", TEN, 1)
    assert batch.agents is not None
    assert batch.agents.by_event() == [FIREFOX[:7]]
    assert "footfall-position" not in said.headers


@pytest.mark.parametrize(
    ("told", "pages"),
    [
        ({"url": "https://www.shop.example/a"}, ["shop.example/a"]),
        ({"url": "https://m.shop.example/a", "site": "shop.example"}, ["shop.example/a"]),
        (
            {"url": "https://shop.example/a", "site": "shop.example, app.example"},
            ["app.example/a", "shop.example/a"],
        ),
        ({"url": "https://shop.example/a", "site": None, "more": [1]}, ["shop.example/a"]),
        ({"url": "https://shop.example/a", "referrer": 7}, ["shop.example/a"]),
        ({"url": "https://shop.example/a#/b?c", "hash": True}, ["shop.example/a#/b"]),
        ({"url": "https://shop.example/a#/b", "hash": False}, ["shop.example/a"]),
        (
            {"url": "https://shop.example/a", "site": "ghost.example,shop.example"},
            ["shop.example/a"],
        ),
    ],
)
async def test_what_a_tracker_may_say(told: object, pages: list[str]) -> None:
    doors = Doors()
    said = await doors.tell(PATH, told, content_type="text/plain;charset=UTF-8")
    assert (said.status, said.content) == (202, {"accepted": len(pages)})
    assert sorted(doors.pages()) == pages


@pytest.mark.parametrize(
    ("told", "status", "kind", "pointer"),
    [
        ({"url": "https://ghost.example/"}, 403, "undeclared-site", "/site"),
        (
            {"url": "https://shop.example/", "site": "ghost.example"},
            403,
            "undeclared-site",
            "/site",
        ),
        ({"url": "https://shop.example/", "site": 7}, 400, "invalid", "/site"),
        ({"url": "/a"}, 400, "invalid", "/site"),
        ({"url": "about:srcdoc", "site": "shop.example"}, 400, "invalid", "/url"),
        ({"url": "https://shop.example/" + "a" * 2_048}, 400, "invalid", "/url"),
        ({"url": None}, 400, "invalid", "/url"),
        ({}, 400, "invalid", "/url"),
        ([], 400, "invalid", ""),
    ],
)
async def test_what_does_not_count_is_refused_and_counted_as_that(
    told: object, status: int, kind: str, pointer: str
) -> None:
    doors = Doors()
    said = await doors.tell(PATH, told)
    assert said.status == status
    assert said.content["type"] == f"/problems/{kind}"
    assert [each["pointer"] for each in said.content["errors"]] == [pointer]
    assert doors.refused == {kind: 1}
    assert not doors.views()
    assert said.headers["access-control-allow-origin"] == "*"


async def test_a_body_is_bounded_packed_too() -> None:
    doors = Doors()
    assert (await doors.ask(PATH, VIEW + b" " * 8_192)).status == 413
    packed = gzip.compress(VIEW + b" " * 8_192)
    assert (await doors.ask(PATH, packed, content_encoding="gzip")).status == 413
    assert (await doors.ask(PATH, b"{")).status == 400
    assert doors.refused == {"too-large": 2, "invalid": 1}


async def test_without_declared_sites_every_site_counts() -> None:
    doors = Doors(sites="")
    await doors.tell(PATH, {"url": "https://www.any.example/a"})
    assert doors.pages() == {"any.example/a": 1}


async def test_declared_below_a_name_are_all_that_end_in_it() -> None:
    doors = Doors(sites="*.example.org,münchen.example")
    for host in ("a.example.org", "b.example.org", "xn--mnchen-3ya.example", "example.org.evil"):
        await doors.tell(PATH, {"url": f"https://{host}/"})
    assert sorted(doors.pages()) == ["a.example.org/", "b.example.org/", "münchen.example/"]


async def test_parameters_that_are_listed_stay_in_the_name_in_their_order() -> None:
    doors = Doors(page_query="q,page")
    url = "https://shop.example/s?page=2&token=x&q=a+b%26c&p%61ge=3&q"
    await doors.tell(PATH, {"url": url})
    await doors.tell(PATH, {"url": "https://shop.example/s?token=x"})
    assert sorted(doors.pages()) == ["shop.example/s", "shop.example/s?q=a b%26c&q=&page=2&page=3"]


@pytest.mark.parametrize("door", [door for door in DOORS if door.access.from_pages])
async def test_what_the_log_does_not_confirm_in_a_browsers_time_is_503(door: DoorTo) -> None:
    asked = {
        "/page-views/browser": VIEW,
        "/api/event": b'{"n":"pageview","u":"https://shop.example/a"}',
        "/api/send": b'{"type":"event","payload":{"hostname":"shop.example","url":"/a"}}',
        "/api/batch": b'[{"type":"event","payload":{"hostname":"shop.example","url":"/a"}}]',
        "/pixel.gif": b"page=shop.example/a",
        "/count": b"p=/a",
    }
    path, method = door.path, door.method
    doors = Doors(log=SilentLog(), patience_seconds=0.01, sites="shop.example")
    if method == "GET":
        said = await doors.ask(f"{path}?{asked[path].decode()}", method="GET")
    else:
        said = await doors.ask(path, asked[path])
    assert said.status == 503
    assert said.content.get("outcome") == (None if method == "GET" else "unknown")
    assert said.headers["access-control-allow-origin"] == "*"
    assert doors.refused == {"unconfirmed": 1}


async def test_a_log_that_takes_nothing_is_told_as_everywhere() -> None:
    class FullLog(FakeLog):
        async def append(self, partition: Partition, body: bytes) -> None:
            raise LogUnavailable("the disk is full", took_nothing=True)

    said = await Doors(log=FullLog()).ask(PATH, VIEW)
    assert (said.status, said.content["outcome"]) == (503, "none")


@pytest.mark.parametrize(
    ("path", "body", "caller", "new_pages"),
    [
        (PATH, VIEW, None, 4),
        (PATH, VIEW, Caller("k", frozenset({Right.READ})), 4),
        (PATH, VIEW, Caller("k", frozenset({Right.INGEST})), None),
        ("/api/v0/count", b'{"hits":[{"path":"/a"}]}', None, None),
    ],
)
async def test_how_many_pages_of_strangers_are_new_is_bounded_and_of_servers_is_not(
    path: str, body: bytes, caller: Caller | None, new_pages: int | None
) -> None:
    doors = Doors(caller=caller, sites="shop.example")
    assert (await doors.ask(path, body)).status == 202
    (batch,) = doors.batches()
    assert (batch.guard.new_pages if batch.guard else None) == new_pages


async def test_a_view_is_told_with_where_its_viewer_came_from() -> None:
    doors = Doors()
    await doors.ask(PATH, VIEW)
    await doors.tell(PATH, {"url": "https://shop.example/a"})
    await doors.ask("/pixel.gif?page=app.example/%3Fref=letter", method="GET")
    await doors.ask("/count?p=/&q=%3Futm_source%3Dm", method="GET", referer="https://app.example/")
    await doors.tell("/api/event", {"n": "pageview", "u": "/", "d": "app.example", "r": None})
    assert sorted(map(str, doors.sources())) == ["", "", "letter", "m", "search.example"]


async def test_a_view_counts_for_no_more_sites_than_a_page_has() -> None:
    doors = Doors(sites="")
    names = [f"s{number}.example" for number in range(51)]
    told = {"url": "https://shop.example/a", "site": ",".join(names)}
    said = await doors.tell(PATH, told)
    assert (said.status, said.content["errors"][0]["pointer"]) == (400, "/site")
    assert doors.batches() == []
    said = await doors.tell(PATH, told | {"site": ",".join(names[1:])})
    assert (said.status, said.content) == (202, {"accepted": 50})


@pytest.mark.parametrize(
    ("names", "pages"),
    [
        ("shop.example,www.shop.example,https://SHOP.example:443/", {"shop.example/a": 1}),
        (
            "www.app.example,app.example,shop.example",
            {"app.example/a": 1, "www.app.example/a": 1, "shop.example/a": 1},
        ),
        ("bücher.example,xn--bcher-kva.example", {"bücher.example/a": 1}),
    ],
)
async def test_a_site_that_is_named_in_several_ways_gets_a_view_once(
    names: str, pages: dict[str, int]
) -> None:
    doors = Doors(sites="shop.example,app.example,www.app.example,bücher.example")
    url = "https://shop.example/a"
    assert (await doors.tell(PATH, {"url": url, "site": names})).content == {"accepted": len(pages)}
    assert doors.pages() == pages
    said = await doors.tell("/api/event", {"n": "pageview", "u": url, "d": names})
    assert (said.status, "x-plausible-dropped" in said.headers) == (202, False)
    assert doors.pages() == dict.fromkeys(pages, 2)
