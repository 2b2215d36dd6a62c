"""What GET /report answers, and how it tells of hours that are past."""

import httpx
import pytest

from domain.hours import HOUR_MS, hour_of
from read_api.routes import routes
from tests.factories import TEN
from tests.fakes import FakeStore
from web.app import create_app

NOW_MS = TEN + HOUR_MS
FIRST = hour_of(NOW_MS) - 24


async def ask(store: FakeStore) -> httpx.Response:
    app = create_app(routes(store, lambda: NOW_MS), {}, {})
    transport = httpx.ASGITransport(app=app)  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        return await client.get("/report", params={"page": "x"})


@pytest.mark.parametrize("past", [1, 3, 24, 400])
async def test_hours_that_are_past_are_zero_and_the_horizon_is_told(past: int) -> None:
    store = FakeStore()
    store.rows |= {("x", FIRST + n, 0): 1 for n in range(24)}  # type: ignore[misc]
    store.horizon = hour_of(NOW_MS - (24 - past) * HOUR_MS)
    response = await ask(store)
    hours = [row["v"] for row in response.json()["data"]]
    assert hours == [0] * min(past, 24) + [1] * max(0, 24 - past)
    hour = f"{(store.horizon % 24):02}"
    assert response.headers["footfall-horizon"].endswith(f"T{hour}:00:00Z")


async def test_a_window_that_is_kept_whole_says_nothing_of_it() -> None:
    store = FakeStore()
    store.horizon = hour_of(NOW_MS - 24 * HOUR_MS)
    response = await ask(store)
    assert len(response.json()["data"]) == 24
    assert "footfall-horizon" not in response.headers
