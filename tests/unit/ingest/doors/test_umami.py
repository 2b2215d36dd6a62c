"""POST /api/send and /api/batch, as clients of Umami use them."""

from typing import Any

import pytest

from tests.unit.ingest.doors.knocking import Doors

ID = "1c9b0a3e-7a4f-4d0e-9c55-0d2c3f9a6b10"


def payload(**changed: Any) -> dict[str, Any]:
    told = {"website": ID, "hostname": "shop.example", "url": "/a", "referrer": "", "title": "A"}
    return {"type": "event", "payload": told | changed}


@pytest.mark.parametrize(
    ("told", "pages"),
    [
        (payload(), ["shop.example/a"]),
        (
            payload(url="/a?token=x#b", screen="1x1", language="de", id="7", ip="1"),
            ["shop.example/a"],
        ),
        (payload(url="//a"), ["shop.example//a"]),
        (payload(url="https://www.shop.example/a", hostname=None), ["shop.example/a"]),
        (payload(url="https://shop.example/a", hostname=""), ["shop.example/a"]),
        (payload(url="a"), ["shop.example/a"]),
        (payload(url=""), ["shop.example/"]),
        (payload(website="app.example"), ["app.example/a"]),
        (payload(timestamp=1), ["shop.example/a"]),
        (payload(referrer=7, tag=["x"], data="no"), ["shop.example/a"]),
        (payload(name="signup"), []),
        ({"type": "identify", "payload": {"website": ID}}, []),
    ],
)
async def test_a_view_is_what_has_no_name(told: Any, pages: list[str]) -> None:
    doors = Doors()
    said = await doors.tell("/api/send", told, x_umami_cache="before")
    assert said.status == 200
    assert {type(said.content[name]) for name in ("cache", "sessionId", "visitId")} == {str}
    assert [*doors.pages()] == pages


async def test_a_robot_is_a_robot_and_answered_as_anybody() -> None:
    doors = Doors()
    said = await doors.tell("/api/send", payload(), user_agent="curl/8.5.0")
    assert "beep" not in said.content
    assert doors.pages() == {"shop.example/a": 1}


@pytest.mark.parametrize(
    ("told", "status"),
    [
        (payload(hostname="ghost.example"), 403),
        (payload(hostname=""), 400),
        (payload(url=None), 400),
        (payload(url="about:blank"), 400),
        (payload(url="data:text/html,a"), 400),
        (payload(url="/" + "a" * 2_048), 400),
        ({"type": "other", "payload": {}}, 400),
        ({"type": "event", "payload": []}, 400),
        ({}, 400),
        ([payload()], 400),
    ],
)
async def test_what_is_wrong_is_400_with_an_error(told: Any, status: int) -> None:
    doors = Doors()
    said = await doors.tell("/api/send", told)
    assert said.status == status
    assert said.content["error"] == said.content["detail"]
    assert sum(doors.refused.values()) == 1
    assert not doors.views()


async def test_of_many_each_has_its_own_result() -> None:
    doors = Doors()
    told = [payload(), payload(url=7), payload(hostname="ghost.example"), payload(name="x"), 1]
    said = await doors.tell("/api/batch", told)
    assert said.status == 200
    found = said.content
    assert (found["size"], found["processed"], found["errors"]) == (5, 2, 3)
    assert [each["index"] for each in found["details"]] == [1, 2, 4]
    assert doors.pages() == {"shop.example/a": 1}
    assert doors.refused == {"invalid": 2, "undeclared-site": 1}


@pytest.mark.parametrize("told", [payload(), None, [payload()] * 501])
async def test_many_are_a_list_of_bounded_length(told: Any) -> None:
    doors = Doors()
    said = await doors.tell("/api/batch", told)
    assert (said.status, "error" in said.content) == (400, True)
    assert not doors.views()
