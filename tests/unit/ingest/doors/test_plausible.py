"""POST /api/event, as clients of Plausible use it."""

from typing import Any

import pytest

from tests.factories import TEN
from tests.unit.ingest.doors.knocking import Doors

PATH = "/api/event"


def event(**changed: Any) -> dict[str, Any]:
    return {"n": "pageview", "u": "https://shop.example/a", "d": "shop.example"} | changed


@pytest.mark.parametrize(
    ("told", "pages"),
    [
        (event(), {"shop.example/a": 1}),
        (
            {"name": "pageview", "url": "https://shop.example/a", "domain": "shop.example"},
            {"shop.example/a": 1},
        ),
        (event(name="Signup", url="/b", domain="app.example"), {"shop.example/a": 1}),
        (event(n=None, name="pageview"), {"shop.example/a": 1}),
        # The page is the declared site and the path.
        (event(u="https://news.shop.example:8080/h"), {"shop.example/h": 1}),
        (event(u="https://jo:secret@shop.example/h"), {"shop.example/h": 1}),
        (event(u="app://localhost/login", d="app.example"), {"app.example/login": 1}),
        (event(u="/relative"), {"shop.example/relative": 1}),
        (event(u="/behind  "), {"shop.example/behind": 1}),
        (event(u="https://shop.example"), {"shop.example/": 1}),
        (event(u="https://shop.example//a/"), {"shop.example//a/": 1}),
        (event(d=None), {"shop.example/a": 1}),
        # The domain as people write it.
        (event(d="www.shop.example"), {"shop.example/a": 1}),
        (event(d=" Shop.Example "), {"shop.example/a": 1}),
        (event(d="https://shop.example/"), {"shop.example/a": 1}),
        (event(d="shop.example:443"), {"shop.example/a": 1}),
        (event(d="shop.example, app.example,"), {"shop.example/a": 1, "app.example/a": 1}),
        # Only 1 has the fragment belong to the page.
        (event(u="https://shop.example/a#/b", h=1), {"shop.example/a#/b": 1}),
        (event(u="https://shop.example/a#/b", hashMode=1), {"shop.example/a#/b": 1}),
        (event(u="https://shop.example/a#/b", h=0), {"shop.example/a": 1}),
        (event(u="https://shop.example/a#/b", h=0, hashMode=1), {"shop.example/a": 1}),
        (event(u="https://shop.example/a#/b", h="yes"), {"shop.example/a": 1}),
        (event(u="https://shop.example/a#", h=1), {"shop.example/a": 1}),
        (event(u="https://shop.example/a?b=1#/c?token=x", h=1), {"shop.example/a#/c": 1}),
        # One spelling.
        (event(u="https://shop.example/%e6%97%a5"), {"shop.example/日": 1}),
        (event(u="https://shop.example/日"), {"shop.example/日": 1}),
        (event(u="https://shop.example/a%2fb"), {"shop.example/a%2Fb": 1}),
        (event(u="https://shop.example/%FE"), {"shop.example/%FE": 1}),
        (event(u="https://shop.example/9%"), {"shop.example/9%": 1}),
        (event(u="https://shop.example/a%0Ab"), {"shop.example/a%0Ab": 1}),
        # What a counter does not use.
        (
            event(p='{"a":1}', m="no json", v="x", w="1280", i="yes", sd=1, e=2),
            {"shop.example/a": 1},
        ),
        (event(props=[1], r=7, unknown={"a": [None]}, revenue="12d"), {"shop.example/a": 1}),
        (
            event(p={"a": 1.5}, r="x" * 3_000, timestamp="2001-01-01T00:00:00Z"),
            {"shop.example/a": 1},
        ),
    ],
)
async def test_a_view_counts_for_the_page_it_is_of(told: Any, pages: dict[str, int]) -> None:
    doors = Doors()
    said = await doors.tell(PATH, told, content_type="text/plain")
    assert (said.status, said.headers["content-type"], said.body) == (202, "text/plain", b"ok")
    assert "x-plausible-dropped" not in said.headers
    assert doors.pages() == pages
    assert {view.at_ms for view in doors.views()} == {TEN}
    assert not doors.refused


@pytest.mark.parametrize(
    "name",
    [
        "engagement",
        "pageleave",
        "Signup",
        "404",
        404,
        "Outbound Link: Click",
        "PageView",
        "x" * 120,
    ],
)
async def test_every_other_event_is_taken_and_counts_no_view(name: object) -> None:
    doors = Doors()
    said = await doors.tell(PATH, event(n=name, sd=50, e=1_000))
    assert (said.status, said.body) == (202, b"ok")
    assert "x-plausible-dropped" not in said.headers
    assert not doors.views()


@pytest.mark.parametrize(
    ("told", "dropped", "pages"),
    [
        (event(d="ghost.example"), 1, {}),
        (event(d=None, u="https://ghost.example/"), 1, {}),
        (event(d="ghost.example", n="Signup"), 1, {}),
        (event(d="ghost.example,shop.example,spook.example"), 2, {"shop.example/a": 1}),
        (event(d="not a site!,shop.example"), 1, {"shop.example/a": 1}),
    ],
)
async def test_an_undeclared_site_is_told_in_a_way_that_nobody_repeats(
    told: Any, dropped: int, pages: dict[str, int]
) -> None:
    doors = Doors()
    said = await doors.tell(PATH, told)
    assert said.status == 202
    assert said.headers["x-plausible-dropped"] == str(dropped)
    assert said.headers["footfall-problem"].startswith("/problems/")
    assert doors.pages() == pages
    assert sum(doors.refused.values()) == dropped


@pytest.mark.parametrize(
    ("told", "fields"),
    [
        (event(n=""), {"event_name"}),
        (event(n=None), {"event_name"}),
        (event(n=["pageview"]), {"event_name"}),
        (event(n=True), {"event_name"}),
        (event(n="x" * 121), {"event_name"}),
        (event(u=None), {"url"}),
        (event(u=""), {"url"}),
        (event(u=["/a"]), {"url"}),
        (event(u="about:srcdoc"), {"url"}),
        (event(u="about:config", n="engagement"), {"url"}),
        (event(u="data:text/html,<p>x</p>"), {"url"}),
        (event(u="javascript:void 0"), {"url"}),
        (event(u="file:///home/jo/a.html"), {"url"}),
        (event(u="srcdoc"), {"url"}),
        (event(u="/\ud800"), {"url"}),
        (event(u="/a\x00b"), {"url"}),
        (event(u="/" + "a" * 2_048), {"url"}),
        (event(d=""), {"domain"}),
        (event(d=" , "), {"domain"}),
        (event(d=7), {"domain"}),
        (event(d="(none)"), {"domain"}),
        (event(d=",".join(f"s{n}.example" for n in range(51))), {"domain"}),
        (event(u="/a", d=None), {"domain"}),
        (event(n="", u="", d=""), {"event_name", "url", "domain"}),
        ([event()], {"request"}),
        ("<script>", {"request"}),
        (None, {"request"}),
    ],
)
async def test_what_is_wrong_is_told_by_field_with_a_sentence_each(
    told: Any, fields: set[str]
) -> None:
    doors = Doors()
    said = await doors.tell(PATH, told)
    assert said.status == 400
    assert said.content["errors"].keys() == fields
    assert all(sentences and all(sentences) for sentences in said.content["errors"].values())
    assert (said.content["type"], said.content["status"]) == ("/problems/invalid", 400)
    assert said.headers["access-control-allow-origin"] == "*"
    assert doors.refused["invalid"] >= 1
    assert not doors.views()


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"[" * 5_000, 400),
        (b"\xff", 400),
        (b'{"n":"pageview","u":"/a","d":"shop.example"}' + b" " * 8_192, 413),
    ],
)
async def test_a_body_that_cannot_be_read_is_told_as_a_request(body: bytes, status: int) -> None:
    said = await Doors().ask(PATH, body)
    assert said.status == status
    assert said.content["errors"].keys() == {"request"}


@pytest.mark.parametrize(
    "kind",
    [
        "",
        "text/plain",
        "text/plain;charset=UTF-8",
        "application/json",
        "application/json; charset=utf-8",
        "application/x-www-form-urlencoded",
    ],
)
async def test_the_type_of_a_body_says_nothing(kind: str) -> None:
    doors = Doors()
    said = await doors.tell(PATH, event(), content_type=kind, origin="https://shop.example")
    assert said.status == 202
    assert said.headers["access-control-allow-origin"] == "*"
    assert doors.pages() == {"shop.example/a": 1}


@pytest.mark.parametrize("headers", [{"dnt": "1"}, {"sec_gpc": "1"}, {"user_agent": ""}])
async def test_a_view_is_a_view_whatever_its_viewer_wants_not_to_be_known(
    headers: dict[str, str],
) -> None:
    doors = Doors()
    assert (await doors.tell(PATH, event(), **headers)).status == 202
    assert doors.pages() == {"shop.example/a": 1}


async def test_whoever_asks_is_told_his_address_and_counts_nothing() -> None:
    doors = Doors()
    said = await doors.tell(PATH, event(), x_debug_request="true")
    assert (said.status, said.body) == (200, b"127.0.0.1")
    assert not doors.views()


@pytest.mark.parametrize("path", ["/api/error", "/api/health", "/api/heartbeat"])
async def test_clients_may_ask_whether_somebody_is_there(path: str) -> None:
    said = await Doors().ask(path, method="GET")
    assert (said.status, said.content) == (200, {"status": "ok"})


async def test_a_preflight_is_answered() -> None:
    said = await Doors().ask(
        PATH,
        method="OPTIONS",
        origin="https://shop.example",
        access_control_request_method="POST",
        access_control_request_headers="content-type",
    )
    assert said.status == 204
    assert said.headers["access-control-allow-origin"] == "*"
    assert "content-type" in said.headers["access-control-allow-headers"]
