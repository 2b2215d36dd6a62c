"""GET /count and POST /api/v0/count, as clients of GoatCounter use them."""

from typing import Any

import pytest

from domain.keys import Caller, Right
from tests.factories import TEN
from tests.unit.ingest.doors.knocking import Doors

API = "/api/v0/count"
DAY_MS = 86_400_000
SHOP = Caller("shop", frozenset({Right.INGEST}))
FROM_SHOP = {"referer": "https://www.shop.example/"}


@pytest.mark.parametrize(
    ("query", "headers", "pages"),
    [
        ("p=%2Fa&t=A&s=1%2C1%2C1&b=0&rnd=x", FROM_SHOP, ["shop.example/a"]),
        ("p=%2Fa%3Ftoken%3Dx", FROM_SHOP, ["shop.example/a"]),
        ("p=a", FROM_SHOP, ["shop.example/a"]),
        ("p=%2Fa&e=true", FROM_SHOP, []),
        ("p=%2Fa", {"origin": "https://app.example"}, ["app.example/a"]),
        ("p=%2Fa", {"host": "shop.example:3000"}, ["shop.example/a"]),
        ("p=https%3A%2F%2Fshop.example%2Fa", {}, ["shop.example/a"]),
        ("p=", FROM_SHOP, ["shop.example/"]),
        ("p=%2Fa&b=150", FROM_SHOP, ["shop.example/a"]),
    ],
)
async def test_a_picture_counts_for_the_site_that_shows_it(
    query: str, headers: dict[str, str], pages: list[str]
) -> None:
    for method in ("GET", "POST"):
        doors = Doors()
        said = await doors.ask(f"/count?{query}", method=method, headers=headers)
        assert (said.status, said.headers["content-type"]) == (200, "image/gif")
        assert [*doors.pages()] == pages


async def test_where_one_site_is_declared_it_need_not_be_named() -> None:
    doors = Doors(sites="shop.example")
    await doors.ask("/count?p=/a", method="GET")
    assert doors.pages() == {"shop.example/a": 1}


@pytest.mark.parametrize(
    ("query", "headers", "status"),
    [
        ("p=/a", {"referer": "https://ghost.example/"}, 403),
        ("p=/a", {}, 403),
        ("p=/%00", FROM_SHOP, 400),
        ("p=about:blank%00", FROM_SHOP, 400),
        ("", FROM_SHOP, 400),
        ("p=/a", {"referer": "https://["}, 403),
    ],
)
async def test_a_picture_of_no_page_of_ours_is_refused(
    query: str, headers: dict[str, str], status: int
) -> None:
    doors = Doors()
    said = await doors.ask(f"/count?{query}", method="GET", headers=headers)
    assert said.status == status
    assert not doors.views()
    assert sum(doors.refused.values()) == 1


async def test_a_server_tells_many_at_once_of_the_past_too() -> None:
    doors = Doors(caller=SHOP, sites="shop.example")
    hits = [
        {"path": "/a", "title": "A", "ref": "https://search.example/", "ip": "192.0.2.1"},
        {"path": "/a", "created_at": "2025-07-01T10:00:00Z", "user_agent": "curl/8.5.0"},
        {"path": "b", "query": "?ref=friend"},
        {"path": "signup", "event": True},
    ]
    said = await doors.tell(API, {"no_sessions": True, "hits": hits})
    assert (said.status, said.body) == (202, b"")
    assert doors.pages() == {"shop.example/a": 2, "shop.example/b": 1}
    assert sorted(view.at_ms for view in doors.views())[1:] == [TEN, TEN]


@pytest.mark.parametrize(
    ("caller", "sites", "host", "page"),
    [
        (
            Caller("k", frozenset({Right.INGEST})),
            "shop.example,app.example",
            "app.example",
            "app.example/a",
        ),
        (Caller("k", frozenset({Right.INGEST})), "shop.example", "count.example", "shop.example/a"),
        (None, "", "www.any.example", "any.example/a"),
    ],
)
async def test_the_host_that_is_asked_names_the_site(
    caller: Caller | None, sites: str, host: str, page: str
) -> None:
    doors = Doors(sites=sites, caller=caller)
    assert (await doors.tell(API, {"hits": [{"path": "/a"}]}, host=host)).status == 202
    assert doors.pages() == {page: 1}


async def test_those_that_are_wrong_are_told_by_index_and_all_others_counted() -> None:
    doors = Doors(caller=SHOP, sites="shop.example", days=10)
    hits: list[Any] = [
        {"path": "/a"},
        {"path": ""},
        {"path": "/b", "created_at": "2025-01-01T00:00:00Z"},
        {"path": "/c", "created_at": "yesterday"},
        {"path": "/d", "created_at": 7},
        {"path": "https://app.example/e"},
        "/f",
        {"path": "/g\x00"},
        {"path": "/h", "event": False, "ref": 7, "query": 7, "user_agent": 7},
    ]
    said = await doors.tell(API, {"hits": hits})
    assert said.status == 400
    assert [*said.content["errors"]] == ["1", "2", "3", "4", "5", "6", "7"]
    assert all(said.content["errors"].values())
    assert doors.pages() == {"shop.example/a": 1, "shop.example/h": 1}
    assert sum(doors.refused.values()) == 7


@pytest.mark.parametrize("hits", [None, [], {"path": "/a"}, [{"path": "/a"}] * 501])
async def test_hits_are_a_list_of_bounded_length(hits: Any) -> None:
    doors = Doors(caller=SHOP, sites="shop.example")
    assert (await doors.tell(API, {"hits": hits})).status == 400
    assert not doors.views()


async def test_five_hundred_come_in_at_once() -> None:
    doors = Doors(caller=SHOP, sites="shop.example")
    said = await doors.tell(API, {"hits": [{"path": f"/{n}"} for n in range(500)]})
    assert said.status == 202
    assert len(doors.pages()) == 500
