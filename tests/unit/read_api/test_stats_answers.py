"""What answers of statistics hold, member by member."""

import csv
import io
from typing import Any

import msgspec
import pytest

from domain.errors import StoreUnavailable
from domain.events import Hour
from domain.hours import HOUR_MS
from domain.stats.answers import Standing
from read_api.stats.formats import Format, accepted
from tests.fakes_stats import FakeStats
from tests.unit.read_api.stats_site import OPEN, Site


def at(*ago: int, page: str = "a/x", views: int = 1) -> dict[tuple[Hour, str], int]:
    """Views so many hours before the open one."""
    return {(Hour(OPEN - hours), page): views for hours in ago}


async def json(store: FakeStats, path: str, query: str = "") -> Any:
    found = await Site(store).get(path, query.encode())
    assert found.status == 200, found.body
    assert found.headers[b"content-type"] == b"application/json"
    return found.json


async def test_the_open_hour_makes_no_fall() -> None:
    store = FakeStats(at(*range(1, 24), *range(24, 49), views=10), generation=3)
    found = await json(store, "/stats/views", "period=24h&compare=previous")
    assert (found["total"], found["generation"]) == (230, 3)
    assert found["compare"] | {"buckets": None} == {
        "from": "2025-07-14T13:00:00+00:00",
        "to": "2025-07-15T13:00:00+00:00",
        "total": 240,
        "change": 0.0,
        "views": 230,
        "before": 230,
        "hours": 23,
        "of_hours": 23,
        "buckets": None,
    }


async def test_nothing_is_claimed_of_hours_that_are_no_longer_kept() -> None:
    store = FakeStats(at(*range(1, 60), views=10), horizon=Hour(OPEN - 30))
    compared = (await json(store, "/stats/views", "period=24h&compare=previous"))["compare"]
    assert (compared["hours"], compared["of_hours"]) == (6, 23)
    assert (compared["views"], compared["before"], compared["change"]) == (60, 60, 0.0)
    assert [bucket.get("cut") for bucket in compared["buckets"]] == [["horizon"]] * 17 + [None] * 7


async def test_where_nothing_was_before_there_is_no_change() -> None:
    compared = (await json(FakeStats(at(1)), "/stats/views", "compare=year"))["compare"]
    assert (compared["change"], compared["before"]) == (None, 0)


async def test_buckets_that_are_no_whole_unit_are_marked() -> None:
    store = FakeStats(horizon=Hour(OPEN - 59))
    found = await json(store, "/stats/views", "from=2025-07-13T06Z&to=2025-07-16T06Z&unit=day")
    cuts = [bucket.get("cut") for bucket in found["buckets"]]
    assert cuts == [["range", "horizon"], ["horizon"], None, ["range"]]
    assert found["busiest"] is None


async def test_the_busiest_bucket_is_the_first_with_most_views() -> None:
    store = FakeStats(at(3, 5, views=7) | at(4, views=2))
    found = await json(store, "/stats/views", "period=24h")
    assert found["busiest"] == found["buckets"][18] == {
        "from": "2025-07-16T07:00:00+00:00", "to": "2025-07-16T08:00:00+00:00", "views": 7,
        "complete": True,
    }  # fmt: skip


async def test_a_day_may_have_twenty_five_hours() -> None:
    zone = "tz=Europe/Berlin"
    found = await json(FakeStats(), "/stats/views", f"from=2024-10-27&to=2024-10-28&{zone}")
    assert len(found["buckets"]) == 25
    assert found["buckets"][2]["from"] == "2024-10-27T02:00:00+02:00"
    assert found["buckets"][3]["from"] == "2024-10-27T02:00:00+01:00"


async def test_rows_are_told_with_their_share_and_change() -> None:
    store = FakeStats(
        at(0, views=90) | at(2, views=5) | at(26, views=10) | at(3, page="b", views=5)
    )
    found = await json(store, "/stats/pages", "period=24h&compare=previous&trend=2")
    assert found["total"] == 100
    assert found["pages"] == [
        {"rank": 1, "page": "a/x", "views": 95, "share": 0.95, "change": -0.5, "before": 10,
         "trend": [0, 95]},
        {"rank": 2, "page": "b", "views": 5, "share": 0.05, "change": None, "before": 0,
         "trend": [0, 5]},
    ]  # fmt: skip
    assert (found["pages_total"], found["next"]) == (2, None)
    assert found["trend"] == [
        "2025-07-15T13:00:00+00:00", "2025-07-16T01:00:00+00:00", "2025-07-16T13:00:00+00:00",
    ]  # fmt: skip
    assert found["compare"] == {
        "from": "2025-07-14T13:00:00+00:00", "to": "2025-07-15T12:00:00+00:00", "total": 10,
        "hours": 23, "of_hours": 23,
    }  # fmt: skip


async def test_a_list_that_is_not_compared_says_so_of_each_row() -> None:
    (row,) = (await json(FakeStats(at(1)), "/stats/sites"))["sites"]
    assert row == {"rank": 1, "site": "a", "views": 1, "share": 1.0, "change": None}


async def test_days_of_a_trend_are_those_of_the_zone() -> None:
    found = await json(FakeStats(at(1)), "/stats/pages", "period=30d&trend=30&tz=Europe/Berlin")
    assert all(edge.endswith("T00:00:00+02:00") for edge in found["trend"])
    assert len(found["trend"]) == 31


async def test_a_list_by_change_is_of_hours_that_can_be_compared() -> None:
    store = FakeStats(at(0, views=90) | at(25, views=3) | at(2, page="b"))
    found = await json(store, "/stats/pages", "period=24h&order=change")
    assert [(row["page"], row["views"], row["before"]) for row in found["pages"]] == [
        ("b", 1, 0),
        ("a/x", 0, 3),
    ]
    assert found["question"]["compare"] == "previous"
    assert "to 2025-07-16T12:00:00+00:00 are listed" in found["notes"][0]


async def test_movers_are_against_the_range_before() -> None:
    store = FakeStats(at(1, views=5) | at(25, views=2) | at(25, page="b", views=9))
    found = await json(store, "/stats/movers", "period=24h")
    assert found["risers"] == [{"page": "a/x", "views": 5, "before": 2, "difference": 3}]
    assert found["fallers"] == [{"page": "b", "views": 0, "before": 9, "difference": -9}]
    assert (found["total"], found["compare"]["total"]) == (5, 11)


async def test_an_hour_of_the_week_is_that_of_the_zone() -> None:
    # 12:00 UTC of a Wednesday.
    for zone, cell in (("UTC", (3, 12)), ("Asia/Tokyo", (3, 21)), ("Pacific/Auckland", (4, 0)),
                       ("Asia/Kathmandu", (3, 18)), ("America/St_Johns", (3, 10))):  # fmt: skip
        found = await json(FakeStats(at(0)), "/stats/hours-of-week", f"tz={zone}")
        (viewed,) = [cell for cell in found["cells"] if cell["views"]]
        assert (viewed["weekday"], viewed["hour"]) == cell, zone


async def test_bounds_say_how_much_there_is() -> None:
    store = FakeStats(at(1, 5, views=2) | at(3, page="/y"), horizon=Hour(OPEN - 100))
    found = await json(store, "/stats/bounds")
    assert found | {"question": None} == {
        "question": None, "total": 5, "generation": 1, "notes": [],
        "complete_until": "2025-07-16T12:34:55.000Z",
        "first": "2025-07-16T07:00:00Z", "last": "2025-07-16T11:00:00Z",
        "horizon": "2025-07-12T08:00:00Z", "pages": 2, "sites": 2, "rows": 3,
    }  # fmt: skip
    ends = await json(store, "/stats/bounds", "count=none")
    assert ends == found | {"pages": None, "rows": None}
    nothing = await json(FakeStats(), "/stats/bounds")
    assert [nothing[name] for name in ("first", "last", "horizon")] == [None, None, None]


async def test_all_begins_with_the_first_hour_that_has_views() -> None:
    found = await json(FakeStats(at(1, 30)), "/stats/views", "period=all")
    assert found["question"]["from"] == "2025-07-15T06:00:00+00:00"


class Moving(FakeStats):
    """Its horizon moves once, or ever, between a look at it and the numbers."""

    times = 1

    async def standing(self) -> Standing:
        found = await super().standing()
        if self.times:
            self.times -= 1
            self.horizon = Hour(OPEN - 10 - self.times)
        return found


@pytest.mark.parametrize("path", ["/stats/views", "/stats/pages", "/stats/movers"])
async def test_what_is_compared_fits_the_horizon_of_the_numbers(path: str) -> None:
    store = Moving(at(*range(1, 20)), Hour(OPEN - 100))
    found = await json(store, path, "from=2025-07-16T06Z&to=2025-07-16T12Z&compare=previous")
    # Of the six hours before these, four are kept.
    assert found["compare"]["hours"] == 4


async def test_a_database_that_is_away_is_a_refusal_to_ask_again() -> None:
    class Away(FakeStats):
        async def series(self, *_: Any) -> Any:
            raise StoreUnavailable("the database cannot be reached")

    found = await Site(Away()).get("/stats/views")
    assert (found.status, found.json["type"]) == (503, "/problems/unavailable")


@pytest.mark.parametrize(
    ("path", "columns"),
    [
        ("/stats/views", "from,to,views,complete,cut"),
        (
            "/stats/views?compare=previous",
            "from,to,views,complete,cut,before_from,before_to,before",
        ),
        ("/stats/pages", "rank,page,views,share,change"),
        ("/stats/pages?compare=year&trend=3", "rank,page,views,share,change,before,trend"),
        ("/stats/sites", "rank,site,views,share,change"),
        ("/stats/movers", "page,views,before,difference"),
        ("/stats/hours-of-week", "weekday,hour,views"),
        ("/stats/bounds", "first,last,horizon,pages,sites,rows,views"),
        ("/export/hourly", "hour,page,views"),
    ],
)
async def test_every_answer_is_rows_as_well(path: str, columns: str) -> None:
    store = FakeStats(at(*range(40)) | at(2, page='=1+"x",y', views=3))
    address, _, query = path.partition("?")
    table = await Site(store).get(address, f"{query}&format=csv".encode())
    assert table.headers[b"content-type"].startswith(b"text/csv")
    assert b'.csv"' in table.headers[b"content-disposition"]
    assert table.body.endswith(b"\r\n")
    header, *rows = list(csv.reader(io.StringIO(table.body.decode(), newline="")))
    assert ",".join(header) == columns
    assert rows
    assert all(len(row) == len(header) for row in rows)
    lines = (await Site(store).get(address, f"{query}&format=ndjson".encode())).body.splitlines()
    assert [list(msgspec.json.decode(line)) for line in lines] == [header] * len(rows)


async def test_a_series_says_in_every_format_which_buckets_are_complete() -> None:
    site, query = Site(FakeStats(at(1), complete_ms=(OPEN - 2) * HOUR_MS)), "period=24h"
    buckets = (await site.get("/stats/views", query.encode())).json["buckets"]
    complete = [bucket["complete"] for bucket in buckets]
    assert complete == [True] * 21 + [False] * 3
    table = (await site.get("/stats/views", f"{query}&format=csv".encode())).body.decode()
    rows = csv.DictReader(io.StringIO(table, newline=""))
    assert [row["complete"] for row in rows] == ["true"] * 21 + ["false"] * 3
    lines = (await site.get("/stats/views", f"{query}&format=ndjson".encode())).body.splitlines()
    assert [msgspec.json.decode(line)["complete"] for line in lines] == complete


async def test_a_page_that_is_a_formula_is_none_in_a_table() -> None:
    store = FakeStats(at(1, page="=cmd|' /C calc'!A0") | at(1, page="+1") | at(1, page="a=b"))
    body = (await Site(store).get("/stats/pages", b"format=csv&order=page")).body.decode()
    pages = [row[1] for row in csv.reader(io.StringIO(body))][1:]
    assert pages == ["'+1", "'=cmd|' /C calc'!A0", "a=b"]
    assert (await json(store, "/stats/pages", "order=page"))["pages"][0]["page"] == "+1"


@pytest.mark.parametrize(
    ("accept", "wanted"),
    [
        ("", Format.JSON),
        ("*/*", Format.JSON),
        ("text/csv", Format.CSV),
        ("text/csv;q=0.5, application/json;q=0.4", Format.CSV),
        ("text/csv;q=0.5, */*;q=0.4", Format.CSV),
        ("text/csv;q=0.5, */*", Format.JSON),
        ("text/*", Format.CSV),
        ("application/*;q=0.2, text/csv;q=0.1", Format.JSON),
        ("application/json;q=0, */*", Format.CSV),
        ("application/x-ndjson", Format.NDJSON),
        ("Application/NDJSON; Q=1.000", Format.NDJSON),
        ("text/html,application/xhtml+xml,*/*;q=0.8", Format.JSON),
        ("image/png", Format.JSON),
        ("text/csv;q=nan, text/csv;q=7", Format.JSON),
        (",;,=;q", Format.JSON),
    ],
)
async def test_the_format_is_the_one_that_is_accepted_most(accept: str, wanted: Format) -> None:
    assert accepted(accept, Format.JSON) is wanted
    found = await Site(FakeStats(at(1))).get("/stats/pages", accept=accept)
    assert found.headers[b"content-type"].decode() == wanted.media_type
    named = await Site(FakeStats(at(1))).get("/stats/pages", b"format=ndjson", accept=accept)
    assert named.headers[b"content-type"] == b"application/x-ndjson"


@pytest.mark.parametrize("wanted", ["json", "csv", "ndjson"])
async def test_the_next_part_is_a_link_whatever_the_format(wanted: str) -> None:
    store = FakeStats({(Hour(OPEN - 1), f"a/{n}"): 1 for n in range(3)})
    found = await Site(store).get("/stats/pages", f"format={wanted}&limit=2&site=a".encode())
    link = found.headers[b"link"]
    assert link.startswith(b"<?")
    assert link.endswith(b'>; rel="next"')
    rest = await Site(store).get("/stats/pages", link[2:].partition(b">")[0])
    assert b"a/2" in rest.body
    assert b"link" not in rest.headers
