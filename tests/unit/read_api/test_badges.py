"""Badges over HTTP: whose they are, what they say, how old they may be, what they cost."""

import asyncio
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import StoreUnavailable
from domain.events import Hour
from domain.pages import fault_of
from domain.stats.answers import Series
from domain.stats.selection import Selection
from read_api.badges.counts import AWAY_SECONDS, KEPT_SECONDS, MOST_AT_ONCE, MOST_KEPT, MOST_WAITING
from read_api.badges.drawing import badge, width_of
from read_api.badges.routes import MAX_LABEL, badge_route
from tests.fakes_stats import FakeStats
from tests.unit.read_api.stats_site import NOW_MS, OPEN, Answered, Site

PAGE = "example.com/a"
ROWS = {
    (Hour(OPEN), PAGE): 4,
    (Hour(OPEN - 24 * 29), PAGE): 200,
    (Hour(OPEN - 24 * 31), PAGE): 1_000,
    (Hour(OPEN), "example.com/"): 1,
    (Hour(OPEN), "example.com/docs/ä b.svg"): 12,
    (Hour(OPEN), "/path"): 5,
    (Hour(OPEN), "example.com"): 6,
    (Hour(OPEN), "example.com//x"): 7,
    (Hour(OPEN), "other.example/a"): 99,
}
SVG = "{http://www.w3.org/2000/svg}"


class Badges:
    """Asks for badges of `sites`; `seconds` have passed."""

    def __init__(self, sites: str = "example.com", reader: FakeStats | None = None) -> None:
        self.reader = reader or FakeStats(ROWS)
        self.seconds = 1_000.0
        made = badge_route(self.reader, sites, lambda: NOW_MS, lambda: self.seconds)
        self.site = Site(handlers=[made])

    async def get(self, path: str, query: bytes = b"", **how: Any) -> Answered:
        return await self.site.get(f"/badge/{path}", query, **how)

    async def views(self, page: str, query: bytes = b"") -> int:
        found = await self.get(f"{quote(page)}.json", query)
        assert found.status == 200, found.body
        views: int = found.json["views"]
        return views


def drawn(found: Answered) -> ElementTree.Element:
    assert found.status == 200, found.body
    return ElementTree.fromstring(found.body)


def texts(picture: ElementTree.Element) -> Sequence[str]:
    return [each.text or "" for each in picture.iter(f"{SVG}text")]


async def test_it_says_how_often_the_page_was_viewed() -> None:
    found = await Badges().get("example.com/a.svg")
    picture = drawn(found)
    assert texts(picture) == ["total", "1,204 views"]
    assert picture.get("role") == "img"
    assert picture.get("aria-label") == "total: 1,204 views"
    assert [each.text for each in picture.iter(f"{SVG}title")] == ["total: 1,204 views"]
    assert texts(drawn(await Badges().get("example.com/a.svg", b"period=30d"))) == [
        "30 days",
        "204 views",
    ]


async def test_to_programs_it_is_a_number_and_the_form_they_know() -> None:
    found = await Badges().get("example.com/a.json", b"period=all")
    assert found.headers[b"content-type"] == b"application/json"
    assert found.json == {
        "schemaVersion": 1,
        "label": "total",
        "message": "1,204 views",
        "color": "#2358c8",
        "views": 1_204,
        "complete_until": "2025-07-16T12:34:55.000Z",
    }


@pytest.mark.parametrize(
    ("path", "views"),
    [
        ("example.com/.json", 1),
        ("example.com%2F.json", 1),
        ("example.com%2fa%2ejson", 1_204),
        ("example.com/docs/%C3%A4%20b.svg.json", 12),
        ("example.com.json", 6),
        ("example.com//x.json", 7),
        ("example.com/nobody/has/been/here.json", 0),
    ],
)
async def test_a_page_is_named_as_in_any_address(path: str, views: int) -> None:
    found = await Badges().get(path)
    assert (found.status, found.json["views"]) == (200, views)
    assert found.json["message"] == f"{views:,} view{'' if views == 1 else 's'}"


async def test_pages_of_no_site_have_badges_where_all_have() -> None:
    badges = Badges("*")
    assert await badges.views("/path") == 5
    assert await badges.views("other.example/a") == 99


@pytest.mark.parametrize(
    ("sites", "path"),
    [
        ("", "example.com/a.svg"),
        ("example.com", "other.example/a.svg"),
        ("example.com", "example.com.evil/a.svg"),
        ("example.com", "a.example.com/a.json"),
        ("example.com", "EXAMPLE.com/a.svg"),
        ("example.com", "/example.com/a.svg"),
        ("example.com", "%00/a.svg"),
        ("example.com", "%ff%fe.svg"),
        ("example.com", "example.com/a.png"),
        ("example.com", "example.com/a"),
        ("example.com", "example.com/a.svg/"),
        ("example.com", ".svg"),
        ("example.com", "/"),
        ("example.com", "//"),
        ("example.com", "../stats/views.svg"),
        ("example.com", "%2e%2e/stats/views.svg"),
    ],
)
async def test_of_others_there_is_the_same_nothing(sites: str, path: str) -> None:
    badges = Badges(sites)
    found = await badges.get(path, b"period=never")
    nowhere = await badges.site.get("/nowhere")
    assert (found.status, found.body) == (404, nowhere.body)
    assert badges.reader.reads == 0


async def test_without_a_name_there_is_nothing() -> None:
    for path in ("/badge", "/badge/"):
        assert (await Badges("*").site.get(path)).status == 404


@pytest.mark.parametrize(
    ("path", "query", "fault"),
    [
        ("example.com/a.svg", b"period=7d", "period"),
        ("example.com/a.svg", b"label=" + b"a" * (MAX_LABEL + 1), "label"),
        ("example.com/a.svg", b"label=%00", "label"),
        ("example.com/a.svg", b"label=%e2%80%ae", "label"),
        ("example.com/a.svg", b"label=%ef%bf%bf", "label"),
        ("example.com/a.svg", b"style=flat", "style"),
        ("example.com/%0a.svg", b"", "page"),
        ("example.com/%ff.json", b"", "page"),
        ("example.com/" + "a" * 2_048 + ".svg", b"", "page"),
    ],
)
async def test_what_cannot_be_answered_is_refused(path: str, query: bytes, fault: str) -> None:
    found = await Badges().get(path, query)
    assert (found.status, found.faults) == (400, [fault])


async def test_a_label_of_one_s_own_stands_in_front_or_none() -> None:
    badges = Badges()
    assert texts(drawn(await badges.get("example.com/a.svg", b"label=docs"))) == [
        "docs",
        "1,204 views",
    ]
    assert texts(drawn(await badges.get("example.com/a.svg", b"label="))) == ["1,204 views"]


labels = st.text(max_size=MAX_LABEL).filter(str.isprintable)


@given(labels, st.integers(0, 10**15))
def test_whatever_is_written_on_it_is_text(label: str, views: int) -> None:
    message = f"{views:,} views"
    picture = ElementTree.fromstring(badge(label, message))
    assert texts(picture) == [each for each in (label, message) if each]
    names = {each.tag.removeprefix(SVG) for each in picture.iter()}
    assert names <= {"svg", "title", "rect", "path", "g", "text"}
    assert not [name for each in picture.iter() for name in each.attrib if name[:2] == "on"]


@given(labels)
def test_it_is_as_wide_as_its_words(label: str) -> None:
    picture = ElementTree.fromstring(badge(label, "1 view"))
    boxes = [
        (float(each.get("x", "")), int(each.get("textLength", "")))
        for each in picture.iter(f"{SVG}text")
    ]
    edges = [edge for x, width in boxes for edge in (x - width / 2, x + width / 2)]
    assert edges == sorted(edges)
    assert edges[0] == 6
    assert edges[-1] == int(picture.get("width", "")) - 6
    assert width_of(f"{label}a") > width_of(label)


@given(st.text(min_size=1, max_size=40).filter(lambda page: fault_of(page) is None))
async def test_every_page_has_one(page: str) -> None:
    badges = Badges("*", FakeStats({(Hour(OPEN), page): 3}))
    assert await badges.views(page) == 3


async def test_browsers_may_keep_it_for_five_minutes_and_show_it_anywhere() -> None:
    found = await Badges().get("example.com/a.svg")
    assert found.headers[b"content-type"] == b"image/svg+xml; charset=utf-8"
    assert found.headers[b"cache-control"] == b"public, max-age=300"
    assert found.headers[b"content-security-policy"] == b"default-src 'none'; sandbox"
    assert found.headers[b"x-content-type-options"] == b"nosniff"
    assert found.headers[b"cross-origin-resource-policy"] == b"cross-origin"
    assert found.headers[b"access-control-allow-origin"] == b"*"
    assert b"set-cookie" not in found.headers


async def test_who_holds_it_is_not_sent_it_again() -> None:
    badges = Badges()
    tag = (await badges.get("example.com/a.svg")).headers[b"etag"].decode()
    for held in (tag, f'W/{tag}, "x"', "*"):
        found = await badges.get("example.com/a.svg", held=held)
        assert (found.status, found.body) == (304, b"")
    assert (await badges.get("example.com/.svg", held=tag)).status == 200


async def test_a_look_without_a_body_is_the_same() -> None:
    badges = Badges()
    got, headed = [
        await badges.get("example.com/a.svg", method=method) for method in ("GET", "HEAD")
    ]
    assert (headed.status, headed.body) == (200, b"")
    ours = (b"etag", b"content-length", b"cache-control")
    assert [headed.headers[name] for name in ours] == [got.headers[name] for name in ours]
    assert (await badges.get("example.com/a.svg", method="POST")).status == 405


class Counted(FakeStats):
    """Counts series; answers when `open` is set, and not at all while it is `away`."""

    def __init__(self) -> None:
        super().__init__(ROWS)
        self.asked = self.now = self.most = 0
        self.open = asyncio.Event()
        self.open.set()
        self.away = False

    async def series(self, selection: Selection, ranges: Sequence[Sequence[Hour]]) -> Series:
        self.asked += 1
        self.now += 1
        self.most = max(self.most, self.now)
        try:
            await self.open.wait()
            if self.away:
                raise StoreUnavailable("db-7 is away", told="the database cannot be reached")
            return await super().series(selection, ranges)
        finally:
            self.now -= 1


async def test_a_flood_costs_one_question_in_five_minutes() -> None:
    reader = Counted()
    badges = Badges(reader=reader)
    reader.open.clear()
    asked = [asyncio.create_task(badges.views(PAGE)) for _ in range(100)]
    while not reader.asked:
        await asyncio.sleep(0)
    reader.open.set()
    assert set(await asyncio.gather(*asked)) == {1_204}
    reader.rows_[Hour(OPEN), PAGE] += 1
    badges.seconds += KEPT_SECONDS - 1
    found = await badges.get("example.com/a.svg")
    assert found.headers[b"cache-control"] == b"public, max-age=1"
    assert (reader.asked, await badges.views(PAGE)) == (1, 1_204)
    badges.seconds += 1
    assert (await badges.views(PAGE), reader.asked) == (1_205, 2)


async def test_who_no_longer_waits_takes_nothing_from_others() -> None:
    reader = Counted()
    badges = Badges(reader=reader)
    reader.open.clear()
    first, second = [asyncio.create_task(badges.views(PAGE)) for _ in range(2)]
    while not reader.asked:
        await asyncio.sleep(0)
    first.cancel()
    await asyncio.wait([first])
    reader.open.set()
    assert await second == 1_204


async def test_many_pages_take_turns() -> None:
    reader = Counted()
    badges = Badges(reader=reader)
    reader.open.clear()
    asked = [asyncio.create_task(badges.views(f"example.com/{n}")) for n in range(30)]
    while reader.now < MOST_AT_ONCE:
        await asyncio.sleep(0)
    reader.open.set()
    assert set(await asyncio.gather(*asked)) == {0}
    assert (reader.asked, reader.most) == (30, MOST_AT_ONCE)


async def test_a_flood_of_many_pages_is_refused_and_what_is_known_is_told() -> None:
    reader = Counted()
    badges = Badges(reader=reader)
    assert await badges.views(PAGE) == 1_204
    badges.seconds += KEPT_SECONDS
    reader.open.clear()
    asked = [asyncio.create_task(badges.views(f"example.com/{n}")) for n in range(MOST_WAITING)]
    while reader.now < MOST_AT_ONCE:
        await asyncio.sleep(0)
    refused = await badges.get("example.com/one-more.svg")
    assert (refused.status, b"retry-after" in refused.headers) == (503, True)
    found = await badges.get("example.com/a.svg")
    assert (found.status, found.headers[b"cache-control"]) == (200, b"public, max-age=10")
    reader.open.set()
    assert set(await asyncio.gather(*asked)) == {0}
    assert await badges.views("example.com/one-more") == 0


async def test_what_is_kept_is_bounded() -> None:
    reader = Counted()
    badges = Badges(reader=reader)
    for n in range(MOST_KEPT + 1):
        await badges.views(f"example.com/{n}")
    asked = reader.asked
    await badges.views(f"example.com/{MOST_KEPT}")
    assert reader.asked == asked
    await badges.views("example.com/0")
    assert reader.asked == asked + 1


async def test_while_the_database_is_away_the_last_number_is_shown() -> None:
    reader = Counted()
    badges = Badges(reader=reader)
    assert await badges.views(PAGE) == 1_204
    badges.seconds += KEPT_SECONDS
    reader.away = True
    found = await badges.get("example.com/a.svg")
    assert (found.status, found.headers[b"cache-control"]) == (200, b"public, max-age=10")
    assert reader.asked == 2
    for _ in range(5):
        refused = await badges.get("example.com/unknown.svg")
        assert refused.status == 503
        assert b"db-7" not in refused.body
    # It is let alone for a while.
    assert reader.asked == 2
    badges.seconds += AWAY_SECONDS
    reader.away = False
    assert await badges.views("example.com/unknown") == 0
    assert await badges.views(PAGE) == 1_204
    assert reader.asked == 4
