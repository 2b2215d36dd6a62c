"""GET /pixel.gif."""

import pytest

from tests.unit.ingest.doors.knocking import Doors


@pytest.mark.parametrize(
    ("page", "counted"),
    [
        ("shop.example/a", "shop.example/a"),
        ("https://shop.example/a?b=1", "shop.example/a"),
        ("https%3A%2F%2Fshop.example%2Fcaf%25C3%25A9", "shop.example/café"),
        ("shop.example/caf%C3%A9", "shop.example/café"),
        ("www.shop.example", "shop.example/"),
        ("shop.example/c++", "shop.example/c++"),
        ("shop.example/a%252Fb", "shop.example/a%2Fb"),
        ("shop.example/%FF", "shop.example/%FF"),
    ],
)
async def test_a_picture_counts_its_page(page: str, counted: str) -> None:
    doors = Doors()
    said = await doors.ask(f"/pixel.gif?page={page}", method="GET")
    assert said.status == 200
    assert said.headers["content-type"] == "image/gif"
    assert said.headers["cache-control"] == "no-store"
    assert (len(said.body), said.body[:6]) == (43, b"GIF89a")
    assert doors.pages() == {counted: 1}


@pytest.mark.parametrize(
    ("query", "status", "kind"),
    [
        ("page=ghost.example/", 403, "undeclared-site"),
        ("page=/a", 400, "invalid"),
        ("page=a%20b", 400, "invalid"),
        ("page=about:blank", 400, "invalid"),
        ("page=shop.example/%00", 400, "invalid"),
        ("page=", 400, "invalid"),
        ("", 400, "invalid"),
    ],
)
async def test_a_picture_that_does_not_count_is_none(query: str, status: int, kind: str) -> None:
    doors = Doors()
    said = await doors.ask(f"/pixel.gif?{query}", method="GET")
    assert (said.status, said.content["type"]) == (status, f"/problems/{kind}")
    assert doors.refused == {kind: 1}
    assert not doors.views()


@pytest.mark.parametrize("path", ["/pixel.gif?page=shop.example/a", "/count?p=/a"])
@pytest.mark.parametrize(
    ("method", "headers"),
    [
        ("HEAD", {}),
        ("GET", {"sec_purpose": "prefetch;prerender"}),
        ("GET", {"purpose": "Prefetch"}),
        ("GET", {"x_moz": "prefetch"}),
    ],
)
async def test_nobody_looks_at_a_picture_that_is_fetched_ahead(
    path: str, method: str, headers: dict[str, str]
) -> None:
    doors = Doors()
    said = await doors.ask(path, method=method, headers=headers)
    assert (said.status, said.headers["content-length"]) == (200, "43")
    assert not doors.views()
    assert not doors.refused
