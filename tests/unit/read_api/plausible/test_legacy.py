"""The first version: three addresses that are answered, and one that cannot be."""

from typing import Any
from urllib.parse import quote

import pytest

from tests.fakes_stats import FakeStats
from tests.unit.read_api.plausible.site import SITE, Plausible, hour, plausible, refused

ASK = f"site_id={SITE}&metrics=pageviews"
GETS = ("aggregate", "timeseries", "breakdown")


async def value(query: str) -> Any:
    found = await plausible().get("aggregate", f"{ASK}&{query}")
    assert found.status == 200, found.body
    return found.json["results"]["pageviews"]


async def rows(name: str, query: str) -> Any:
    found = await plausible().get(name, f"{ASK}&{query}")
    assert found.status == 200, found.body
    assert set(found.json) == {"results"}
    return [tuple(row.values()) for row in found.json["results"]]


@pytest.mark.parametrize(
    ("query", "views"),
    [
        ("", 17),
        ("period=30d", 17),
        ("period=day", 9),
        ("period=day&date=2025-07-15", 10),
        ("period=7d", 17),
        ("period=7d&date=2025-07-15", 7),
        ("period=month", 26),
        ("period=month&date=2025-06-30", 5),
        ("period=6mo", 5),
        ("period=12mo&date=2025-08-01", 31),
        ("period=custom&date=2025-06-14,2025-07-14", 12),
        ("period=custom&date=2025-07-15,2025-07-15", 10),
        ("period=7d&with_imported=true", 17),
        ("period=7d&agent=person", 3),
        ("period=7d&filters=event:page%3D%3D/", 7),
        ("period=7d&filters=event:page%3D%3D/|/blog/a", 13),
        ("period=7d&filters=event:page!%3D/", 10),
        ("period=7d&filters=event:page!%3D/|/blog/a", 4),
        ("period=7d&filters=event:page%3D%3D/*log/*", 9),
        ("period=7d&filters=event:page%3D%3D/blog*|/app*", 7),
        ("period=7d&filters=event:page!%3D/blog/**", 11),
        ("period=7d&filters=event:page%3D%3Dblog*", 0),
        ("period=7d&filters=event:page!%3D/;event:page!%3D/blog/a", 4),
        ("period=7d&filters=" + quote(r"event:page==/a\|b|/"), 7),
        ("period=7d&filters=visit:source%3D%3Dt.co", 5),
        ("period=7d&filters=" + quote("visit:source==Direct / None"), 5),
        ("period=7d&filters=visit:source!%3Dt.co", 7),
    ],
)
async def test_views_in_a_period(query: str, views: int) -> None:
    assert await value(query) == {"value": views}


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("period=day", {"value": 9, "change": -10}),
        ("period=day&date=2025-07-15", {"value": 10, "change": 43}),
        ("period=7d", {"value": 17, "change": None}),
        ("period=day&filters=event:page%3D%3D/blog/a", {"value": 0, "change": -100}),
        ("period=day&filters=event:page%3D%3D/", {"value": 9, "change": 200}),
    ],
)
async def test_a_period_is_compared_with_as_long_a_one_before(query: str, told: Any) -> None:
    assert await value(f"{query}&compare=previous_period") == told


async def test_what_is_not_kept_is_not_compared() -> None:
    views = {(hour("2025-07-15T10"), f"{SITE}/"): 2, (hour("2025-07-16T10"), f"{SITE}/"): 1}
    site = Plausible(FakeStats(views, hour("2025-07-15T05")))
    query = f"{ASK}&period=day&compare=previous_period"
    found = (await site.get("aggregate", query)).json["results"]["pageviews"]
    assert found == {"value": 1, "change": None}
    assert "no longer kept" in refused(await site.get("aggregate", f"{ASK}&period=6mo"))


async def test_a_series_is_filled_with_zeros_as_far_as_time_has_come() -> None:
    week = await rows("timeseries", "period=7d")
    assert [day for day, _ in week] == [f"2025-07-{day:02}" for day in range(9, 16)]
    assert [views for _, views in week] == [0, 0, 0, 0, 0, 7, 10]
    month = await rows("timeseries", "period=month")
    assert [day for day, _ in month] == [f"2025-07-{day:02}" for day in range(1, 17)]
    assert len(await rows("timeseries", "")) == 30


async def test_a_series_is_by_month_where_the_period_is_long_or_it_is_asked_for() -> None:
    half = [(f"2025-0{month}-01", 5 if month == 6 else 0) for month in range(1, 7)]
    assert await rows("timeseries", "period=6mo") == half
    assert await rows("timeseries", "period=custom&date=2025-06-14,2025-07-15&interval=month") == [
        ("2025-06-01", 5), ("2025-07-01", 17),
    ]  # fmt: skip
    assert len(await rows("timeseries", "period=6mo&interval=day")) == 181
    assert await rows("timeseries", "period=day&interval=date") == [("2025-07-16", 9)]


async def test_a_series_of_some_pages_is_filled_too() -> None:
    found = await rows("timeseries", "period=7d&filters=event:page!%3D/")
    assert [views for _, views in found] == [0, 0, 0, 0, 0, 3, 7]
    none = await rows("timeseries", "period=7d&filters=event:page%3D%3D/none")
    assert [views for _, views in none] == [0] * 7


async def test_a_breakdown_has_the_last_word_of_the_property_as_its_key() -> None:
    found = await plausible().get("breakdown", f"{ASK}&period=7d&property=event:page&limit=1")
    assert found.json == {"results": [{"page": "/", "pageviews": 7}]}
    found = await plausible().get("breakdown", f"{ASK}&period=7d&property=visit:source&limit=1")
    assert found.json == {"results": [{"source": "Direct / None", "pageviews": 5}]}


async def test_the_pages_of_a_breakdown_are_all_of_it() -> None:
    whole = await rows("breakdown", "period=7d&property=event:page")
    assert whole == [("/", 7), ("/blog/a", 6), ("/Blog/café", 3), ("/app#/inbox", 1)]
    for filters in ("", "&filters=event:page!%3D/"):
        query = f"period=7d&property=event:page&limit=2{filters}"
        parts = [await rows("breakdown", f"{query}&page={page}") for page in (1, 2, 3)]
        found = [row for part in parts for row in part]
        assert found == (whole[1:] if filters else whole)


WRONG = [
    ("metrics=pageviews", "site_id: it is needed"),
    ("site_id=&metrics=pageviews", "site_id: it is empty"),
    ("site_id=a/b&metrics=pageviews", "site_id: it has a slash"),
    (f"site_id={SITE}", "metrics: left out it means visitors"),
    (f"site_id={SITE}&metrics=pageviews,visitors", "metrics: visitors cannot be answered"),
    (f"site_id={SITE}&metrics=bounce_rate", "metrics: bounce_rate cannot be answered"),
    (f"site_id={SITE}&metrics=foo", 'metrics: Invalid metric "foo"'),
    (f"site_id={SITE}&metrics=", 'metrics: Invalid metric ""'),
    (f"site_id={SITE}&metrics=pageviews,pageviews", "metrics: pageviews is there twice"),
    (f"{ASK}&period=year", 'period: "year" is none of day'),
    (f"{ASK}&period=realtime", 'period: "realtime" is none of day'),
    (f"{ASK}&period=custom", "date: period=custom needs it"),
    (f"{ASK}&period=custom&date=2025-07-01", "date: "),
    (f"{ASK}&period=custom&date=2025-07-02,2025-07-01", "date: "),
    (f"{ASK}&period=custom&date=2025-07-02,2025-07-32", "date: "),
    (f"{ASK}&period=7d&date=yesterday", "date: "),
    (f"{ASK}&period=7d&date=2025-02-29", "date: "),
    (f"{ASK}&period=12mo&date=0001-01-01", "date: "),
    (f"{ASK}&filters=event:page", "filters: "),
    (f"{ASK}&filters=event:page~/a", "filters: "),
    (f"{ASK}&filters=event:page%3D%3D", "filters: "),
    (f"{ASK}&filters=event:goal%3D%3DSignup", 'filters: "event:goal" cannot be answered'),
    (f"{ASK}&filters=visit:country%3D%3DFR", 'filters: "visit:country" cannot be answered'),
    (f"{ASK}&filters=event:page%3D%3D/;visit:source%3D%3Dt.co", "filters: event:page and"),
    (f"{ASK}&with_imported=maybe", "with_imported: "),
    (f"{ASK}&agent=visitor", "agent is none of"),
    (f"{ASK}&unknown=1", "unknown is no parameter"),
    (f"{ASK}&site_id={SITE}", "site_id is given twice"),
]


@pytest.mark.parametrize("name", GETS)
@pytest.mark.parametrize(("query", "told"), WRONG)
async def test_what_is_wrong_is_named(name: str, query: str, told: str) -> None:
    more = "&property=event:page" if name == "breakdown" else ""
    assert refused(await plausible().get(name, query + more)).startswith(told)


@pytest.mark.parametrize(
    ("name", "query", "told"),
    [
        ("aggregate", "compare=year", "compare: "),
        (
            "aggregate",
            "compare=previous_period&period=day&date=0001-01-01",
            "compare: it begins before the year 1",
        ),
        ("aggregate", "interval=day", "interval is no parameter"),
        ("timeseries", "interval=hour", "interval: "),
        ("timeseries", "interval=day&period=custom&date=0001-01-01,2025-01-01", "interval: "),
        ("timeseries", "compare=previous_period", "compare is no parameter"),
        ("breakdown", "", "property: it is needed"),
        ("breakdown", "property=event:goal", 'property: "event:goal" cannot be answered'),
        ("breakdown", "property=event:hostname", 'property: "event:hostname" cannot be answered'),
        ("breakdown", "property=time:day", "property: "),
        ("breakdown", "property=event:page&limit=0", "limit is not a whole number"),
        ("breakdown", "property=event:page&limit=1001", "limit is not a whole number"),
        ("breakdown", "property=event:page&page=0", "page is not a whole number"),
        ("breakdown", "property=event:page&filters=visit:source%3D%3Dt.co", "filters: "),
        ("breakdown", "property=visit:source&filters=event:page%3D%3D/", "filters: "),
    ],
)
async def test_what_is_wrong_with_one_of_them_is_named(name: str, query: str, told: str) -> None:
    assert refused(await plausible().get(name, f"{ASK}&{query}")).startswith(told)


async def test_how_many_visitors_there_are_now_is_refused_by_name() -> None:
    told = refused(await plausible().get("realtime/visitors", f"site_id={SITE}"))
    assert told.startswith("visitors: how many visitors there are now is not known here")
