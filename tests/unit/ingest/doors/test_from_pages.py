"""What all doors have in common that web pages send to."""

import pytest

from ingest.doors.table import DOORS
from ingest.doors.words import DoorTo
from tests.unit.ingest.doors.knocking import Doors
from web.entrance import Front
from web.rates import BURST_SECONDS, Rate

PAGE = "https://shop.example"
OPEN = [door for door in DOORS if door.access.from_pages]
STRANGER = "203.0.113.9"

each_door = pytest.mark.parametrize("door", OPEN, ids=lambda door: door.path)


def test_there_are_some() -> None:
    assert len(OPEN) >= 5


@each_door
async def test_a_browser_may_ask_first_and_read_whatever_is_answered(door: DoorTo) -> None:
    doors = Doors()
    for method, status in (("OPTIONS", 204), (door.method, None), ("DELETE", 405)):
        said = await doors.ask(door.path, b"\xff{", method=method, origin=PAGE)
        assert status in (said.status, None)
        assert said.headers["access-control-allow-origin"] == "*"
        assert said.headers["x-request-id"]


@each_door
async def test_what_is_too_much_of_one_address_is_refused_wherever_it_comes_in(
    door: DoorTo,
) -> None:
    doors = Doors(front=Front(of_pages=Rate("address", 1)))
    for _ in range(BURST_SECONDS):
        said = await doors.ask("/api/event", b"{", client=STRANGER)
        assert said.status == 400
    said = await doors.ask(door.path, b"{", method=door.method, client=STRANGER, origin=PAGE)
    assert (said.status, said.headers["retry-after"]) == (429, "1")
    assert said.headers["access-control-allow-origin"] == "*"
    assert doors.refused["too-many-requests"] == 1
    assert (await doors.ask(door.path, b"{", method=door.method)).status != 429
