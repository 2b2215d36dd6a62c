"""Rows that would change places while somebody points at them, or has focus in them, stay."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.acceptance.processes import until
from tests.dashboard.conftest import Window
from tests.dashboard.lists import PAGES, names, rows, said
from tests.dashboard.looking import Look
from tests.dashboard.seeding import moment
from tests.dashboard.service import Service, running

pytestmark = [
    pytest.mark.chromium,
    pytest.mark.acceptance,
    pytest.mark.asyncio(loop_scope="module"),
]

_MINUTE_MS = 61_000
_ROW = f"{PAGES} tbody tr"
_NOTE = f"{PAGES} .moving"
_PLACE = """row => row.getBoundingClientRect().top
    - row.closest('section').getBoundingClientRect().top"""


@pytest_asyncio.fixture(loop_scope="module")
async def counted(tmp_path: Path) -> AsyncIterator[Service]:
    async with running("embedded", tmp_path) as found:
        await found.send({f"example.com/{name}": {moment(2): n} for name, n in _FIRST.items()})
        yield found


_FIRST = {"first": 40, "second": 30, "third": 20, "fourth": 10}


@pytest_asyncio.fixture(loop_scope="module")
async def seen(counted: Service, window: Window) -> AsyncIterator[Look]:
    async with window(counted) as found:
        # The page's own clock: a minute goes by at once.
        await found.page.clock.install()
        await found.open("/")
        yield found


async def _third_is_now_first(counted: Service, seen: Look) -> None:
    await counted.send({"example.com/third": {moment(1): 50}})
    await seen.page.clock.fast_forward(_MINUTE_MS)

    async def there() -> bool:
        return [row.views for row in await rows(seen, PAGES) if row.name.endswith("third")] == [
            "70"
        ]

    await until(there, "the views of the third page being shown")


def _called(*last: str) -> list[str]:
    return [f"example.com/{name}" for name in last]


async def test_rows_stay_under_the_pointer_and_move_when_asked_to(
    counted: Service, seen: Look
) -> None:
    await seen.page.locator(_ROW).nth(1).hover()
    top = await seen.page.locator(_ROW).nth(1).evaluate(_PLACE)
    await _third_is_now_first(counted, seen)
    assert await names(seen, PAGES) == _called("first", "second", "third", "fourth")
    assert await said(seen, _NOTE) == ["3 rows would move. Reorder"]
    assert await seen.page.locator(_ROW).nth(1).evaluate(_PLACE) == top

    await seen.page.locator(f"{_NOTE} button").click()
    assert await names(seen, PAGES) == _called("third", "first", "second", "fourth")
    assert await said(seen, _NOTE) == []


async def test_rows_stay_while_one_has_focus_and_move_once_it_is_elsewhere(
    counted: Service, seen: Look
) -> None:
    await seen.page.locator(f"{_ROW} a").nth(1).focus()
    await _third_is_now_first(counted, seen)
    assert await names(seen, PAGES) == _called("first", "second", "third", "fourth")
    await seen.page.locator(f"{PAGES} input[type=search]").focus()
    await seen.page.locator(_NOTE).wait_for(state="hidden")
    assert await names(seen, PAGES) == _called("third", "first", "second", "fourth")


async def test_rows_that_nobody_points_at_move_by_themselves(counted: Service, seen: Look) -> None:
    await _third_is_now_first(counted, seen)
    assert await names(seen, PAGES) == _called("third", "first", "second", "fourth")
    assert await said(seen, _NOTE) == []
