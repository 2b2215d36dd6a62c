"""Questions that are refused: each field, by name, with a sentence that says what to do instead."""

import json
from typing import Any

import pytest

from read_api.plausible.filters import MOST_DEPTH
from tests.fakes_stats import FakeStats
from tests.unit.read_api.plausible.site import ASKED, plausible, refused

PAGE, SOURCE = "event:page", "visit:source"
NOT_METRICS = (
    "visitors", "visits", "views_per_visit", "bounce_rate", "visit_duration", "percentage",
    "scroll_depth", "time_on_page", "conversion_rate", "group_conversion_rate", "total_revenue",
    "average_revenue", "events",
)  # fmt: skip
NOT_DIMENSIONS = (
    "event:hostname", "event:goal", "event:props:author", "event:name", "visit:referrer",
    "visit:channel", "visit:utm_source", "visit:utm_medium", "visit:utm_campaign",
    "visit:utm_content", "visit:utm_term", "visit:device", "visit:browser",
    "visit:browser_version", "visit:os", "visit:os_version", "visit:country", "visit:country_name",
    "visit:region", "visit:region_name", "visit:city", "visit:city_name", "visit:entry_page",
    "visit:exit_page", "visit:entry_page_hostname", "segment",
)  # fmt: skip


def filtered(*each: Any) -> dict[str, Any]:
    return {"filters": list(each)}


def deep(levels: int) -> Any:
    found: Any = ["is", PAGE, ["/"]]
    for _ in range(levels - 1):
        found = ["not", found]
    return found


NO_RANGES: list[Any] = [
    "30m", "realtime", "custom", "", "7", "0d", "-1d", "07d", "7 d", "7D", "99999999d",
    "9999999d", "9999999mo", 7, True, {}, [], ["2024-07-01"],
    ["2024-07-01", "2024-07-02", "2024-07-03"],
    ["2024-07-03", "2024-07-01"], ["2024-07-01", "2024-07-01T10:00:00Z"],
    ["2024-07-01T10:00:00Z", "2024-07-01"], ["2024-13-01", "2024-13-02"],
    ["2023-02-29", "2023-03-01"], ["20240701", "20240702"], [1, 2],
    ["2024-07-01T00:00:00+00:00,2024-07-03T00:00:00+00:00"],
    ["2024-07-01T10:00:00", "2024-07-01T10:59:59"],
    ["2024-07-01T10:00Z", "2024-07-01T10:59Z"],
    ["2024-07-01T10:00:00Z", "2024-07-01T09:59:59Z"],
    ["2024-07-01T10:60:00Z", "2024-07-01T11:59:59Z"],
    ["0001-01-01T00:00:00+05:00", "2024-07-01T09:59:59Z"],
]  # fmt: skip
WITHIN_HOURS: list[Any] = [
    ["2024-07-01T10:00:01Z", "2024-07-01T10:59:59Z"],
    ["2024-07-01T10:30:00Z", "2024-07-01T10:59:59Z"],
    ["2024-07-01T10:00:00.5Z", "2024-07-01T10:59:59Z"],
    ["2024-07-01T10:00:00Z", "2024-07-01T11:00:00Z"],
    ["2024-07-01T10:00:00Z", "2024-07-01T10:05:00Z"],
    ["2024-07-01T00:00:00+05:30", "2024-07-01T23:59:59+05:30"],
]
NO_LIMITS: list[Any] = [0, -1, 10_001, 1.0, "1", True]
NO_OFFSETS: list[Any] = [-1, 0.5, "0", False]
WRONG: list[tuple[dict[str, Any], str]] = [
    ({"site_id": None}, "#: Required properties site_id were not present."),
    ({"metrics": None, "date_range": None},
     "#: Required properties metrics, date_range were not present."),
    ({"site_id": 7}, "#/site_id: "),
    ({"site_id": ""}, "#/site_id: it is empty"),
    ({"site_id": "shop.example/blog"}, "#/site_id: it has a slash"),
    ({"site_id": "a\u0000b"}, "#/site_id: it holds control characters"),
    ({"metrics": "pageviews"}, "#/metrics: "),
    ({"metrics": {}}, "#/metrics: "),
    ({"metrics": []}, "#/metrics: "),
    ({"metrics": ["pageviews", "pageviews"]}, "#/metrics/1: "),
    ({"metrics": ["foo"]}, '#/metrics/0: Invalid metric "foo"'),
    ({"metrics": [["pageviews"]]}, "#/metrics/0: Invalid metric"),
    ({"metrics": [{"a": 1}]}, "#/metrics/0: Invalid metric"),
    *(({"date_range": one}, "#/date_range: ") for one in NO_RANGES),
    *(({"date_range": one}, "within an hour") for one in WITHIN_HOURS),
    ({"dimensions": PAGE}, "#/dimensions: "),
    ({"dimensions": ["foo"]}, '#/dimensions/0: Invalid dimension "foo"'),
    ({"dimensions": [[PAGE]]}, "#/dimensions/0: "),
    ({"dimensions": [{}]}, "#/dimensions/0: "),
    ({"dimensions": [PAGE, PAGE]}, "#/dimensions/1: "),
    ({"dimensions": ["time:minute"]}, "#/dimensions/0: "),
    ({"dimensions": ["time", "time:day"]}, "#/dimensions/1: "),
    ({"dimensions": ["time:hour"], "date_range": "5000d"}, "#/dimensions/0: "),
    ({"dimensions": [PAGE, SOURCE]}, "#/dimensions: "),
    ({"dimensions": [SOURCE], **filtered(["is", PAGE, ["/"]])}, "#/filters: "),
    ({"dimensions": [PAGE], **filtered(["not", ["is", SOURCE, ["t.co"]]])}, "#/filters: "),
    (filtered(["or", [["is", PAGE, ["/"]], ["is", SOURCE, ["t.co"]]]]), "#/filters: "),
    ({"filters": {}}, "#/filters: "),
    ({"filters": ["is", PAGE, ["/"]]}, "#/filters/0: "),
    (filtered(["is", PAGE, ["/"]], "and"), "#/filters/1: "),
    (filtered([]), "#/filters/0: "),
    (filtered([7]), "#/filters/0: "),
    (filtered([["is"]]), "#/filters/0: "),
    (filtered(["like", PAGE, ["/"]]), '#/filters/0/0: Invalid operator "like"'),
    (filtered(["is"]), "#/filters/0: "),
    (filtered(["is", PAGE]), "#/filters/0: "),
    (filtered(["is", PAGE, ["/"], {}, 1]), "#/filters/0: "),
    (filtered(["is", PAGE, "/"]), "#/filters/0/2: "),
    (filtered(["is", PAGE, []]), "#/filters/0/2: "),
    (filtered(["is", PAGE, ["/", 7]]), "#/filters/0/2/1: "),
    (filtered(["is", ["event:page"], ["/"]]), "#/filters/0/1: "),
    (filtered(["is", "time:day", ["2024-07-01"]]), "#/filters/0/1: "),
    (filtered(["is", PAGE, ["/"], {}]), "#/filters/0/3: "),
    (filtered(["is", PAGE, ["/"], {"case": False}]), "#/filters/0/3: "),
    (filtered(["is", PAGE, ["/"], {"case_sensitive": 0}]), "#/filters/0/3/case_sensitive: "),
    (filtered(["is", PAGE, ["/"], False]), "#/filters/0/3: "),
    (filtered(["matches", PAGE, ["^/"], {"case_sensitive": False}]), "#/filters/0/3: "),
    (filtered(["matches", PAGE, ["("]]), "#/filters: "),
    (filtered(["matches", PAGE, ["(?=a)"]]), "#/filters: "),
    (filtered(["matches_not", PAGE, ["((a{100}){100}){100}"]]), "#/filters: "),
    (filtered(["matches", PAGE, ["[a-z]{900}"] * 10]), "#/filters: the patterns are too long"),
    (filtered(["and"]), "#/filters/0: "),
    (filtered(["and", []]), "#/filters/0/1: "),
    (filtered(["or", {}]), "#/filters/0/1: "),
    (filtered(["and", [["is", PAGE, ["/"]], 7]]), "#/filters/0/1/1: "),
    (filtered(["not"]), "#/filters/0: "),
    (filtered(["not", [["is", PAGE, ["/"]]]]), "#/filters/0/1: "),
    (filtered(["has_done", ["is", PAGE, ["/"]]]), "#/filters/0/0: has_done cannot be answered"),
    (filtered(["has_not_done", ["is", PAGE, ["/"]]]), "#/filters/0/0: has_not_done"),
    (filtered(deep(MOST_DEPTH + 1)), "nested"),
    ({"order_by": {}}, "#/order_by: "),
    ({"order_by": ["pageviews"]}, "#/order_by/0: "),
    ({"order_by": [["pageviews"]]}, "#/order_by/0: "),
    ({"order_by": [["pageviews", "up"]]}, "#/order_by/0: "),
    ({"order_by": [["pageviews", []]]}, "#/order_by/0: "),
    ({"order_by": [[PAGE, "asc"]]}, "#/order_by/0: "),
    ({"order_by": [["visitors", "desc"]]}, "#/order_by/0: "),
    ({"order_by": [["pageviews", "asc"], [[], "asc"]]}, "#/order_by/1: "),
    ({"include": []}, "#/include: "),
    ({"include": {"comparisons": {"mode": "previous_period"}}}, "#/include/comparisons: "),
    ({"include": {"total_rows": 1}}, "#/include/total_rows: "),
    ({"include": {"time_labels": True}}, "#/include/time_labels: "),
    ({"include": {"time_labels": True}, "dimensions": [PAGE]}, "#/include/time_labels: "),
    ({"pagination": []}, "#/pagination: "),
    ({"pagination": {"page": 1}}, "#/pagination/page: "),
    *(({"pagination": {"limit": one}}, "#/pagination/limit: ") for one in NO_LIMITS),
    *(({"pagination": {"offset": one}}, "#/pagination/offset: ") for one in NO_OFFSETS),
    ({"something": 1}, "#/something: "),
    ({"a/b~c": 1}, "#/a~1b~0c: "),
]  # fmt: skip


@pytest.mark.parametrize(("fields", "told"), WRONG, ids=lambda one: str(one)[:60])
async def test_what_is_wrong_is_named_and_nothing_is_read(
    fields: dict[str, Any], told: str
) -> None:
    reader = plausible().reader
    assert isinstance(reader, FakeStats)
    before = reader.reads
    assert told in refused(await plausible().query(**fields))
    assert reader.reads == before


@pytest.mark.parametrize("metric", NOT_METRICS)
async def test_a_metric_that_nobody_counts_refuses_the_whole_question(metric: str) -> None:
    told = refused(await plausible().query(metrics=["pageviews", metric]))
    assert told.startswith(f"#/metrics/1: {metric} cannot be answered, ")
    assert told.endswith(": ask for pageviews")


@pytest.mark.parametrize("dimension", NOT_DIMENSIONS)
async def test_a_dimension_that_nobody_counts_is_refused_where_it_is_asked_for(
    dimension: str,
) -> None:
    told = refused(await plausible().query(dimensions=[PAGE, dimension]))
    assert told.startswith(f'#/dimensions/1: "{dimension}" cannot be answered, ')
    told = refused(await plausible().query(filters=[["is", dimension, ["x"]]]))
    assert told.startswith(f'#/filters/0/1: "{dimension}" cannot be answered, ')


BODIES = [
    (b"", "no JSON"),
    (b"{", "no JSON"),
    (b"[]", "no object"),
    (b'"7d"', "no object"),
    (b"\xff", "no JSON in UTF-8"),
    (b'{"site_id": NaN}', "NaN is no number"),
    (b'{"site_id":"a","site_id":"b"}', '"site_id" is there twice'),
    (b'{"site_id":"\\ud800"}', "no JSON in UTF-8"),
    (b"[" * 90_000, "nested too deeply"),
    (b'{"a":' + b"9" * 5_000 + b"}", "no JSON"),
]


@pytest.mark.parametrize(("body", "told"), BODIES, ids=lambda one: str(one)[:30])
async def test_a_body_that_is_no_question_is_told_why(body: bytes, told: str) -> None:
    sentence = refused(await plausible().post(body))
    assert sentence.startswith("#: ")
    assert told in sentence


async def test_a_body_that_is_too_long_is_refused() -> None:
    body = json.dumps({**ASKED, "site_id": "a" * 200_000}).encode()
    assert "over 100,000 bytes" in refused(await plausible().post(body), 413)


async def test_a_parameter_of_the_address_that_is_none_is_refused() -> None:
    assert "site_id is no parameter" in refused(await plausible().query("site_id=a"))
    assert "agent is none of" in refused(await plausible().query("agent=visitor"))
