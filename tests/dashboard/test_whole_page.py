"""Every place as a whole: accessible, narrow, light on the network, and steady for a day."""

import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.dashboard.conftest import Window
from tests.dashboard.looking import NARROW, PHONE, WIDE, Look
from tests.dashboard.measuring import held, traffic
from tests.dashboard.seeding import believable, hits
from tests.dashboard.service import Service

pytestmark = [
    pytest.mark.chromium,
    pytest.mark.acceptance,
    pytest.mark.asyncio(loop_scope="module"),
]

PLACES = pytest.mark.parametrize("place", ["/", "/pages", "/operations"])
FIRST_LOAD = 60_000  # bytes
# An entry of the cache is not asked for again; whether the HTML has changed is.
NOT_MODIFIED = 1_000
ROUNDS = 150
EARLY = 30
MINUTE_MS = 60_000
MOST_ELEMENTS = 2_000


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def counted(embedded_service: Service) -> AsyncIterator[Service]:
    await embedded_service.send(believable())
    await embedded_service.hits(hits())
    yield embedded_service


@pytest.mark.npm
@PLACES
@pytest.mark.parametrize(
    ("size", "dark"), [(WIDE, False), (PHONE, True)], ids=["light, wide", "dark, on a phone"]
)
async def test_everybody_can_use_it(
    counted: Service, window: Window, place: str, size: tuple[int, int], dark: bool
) -> None:
    async with window(counted, size=size, dark=dark) as look:
        await look.open(place)
        await look.shot(f"{place.strip('/') or 'counts'}-{size[0]}{'-dark' if dark else ''}")
        assert await look.axe() == []


@PLACES
async def test_nothing_goes_over_the_edge_of_a_narrow_window(
    counted: Service, window: Window, place: str
) -> None:
    async with window(counted, size=NARROW) as look:
        await look.open(place, compare="previous", site="example.com")
        await look.shot(f"{place.strip('/') or 'counts'}-{NARROW[0]}", whole=True)
        assert await look.sideways() == []


@PLACES
async def test_it_holds_few_elements(counted: Service, window: Window, place: str) -> None:
    async with window(counted) as look:
        await look.open(place)
        assert await look.page.locator("*").count() <= MOST_ELEMENTS


async def test_the_first_load_is_light_and_the_next_one_asks_for_answers_alone(
    counted: Service, window: Window
) -> None:
    async with window(counted) as look:
        async with traffic(look) as first:
            await look.open("/")
        print(f"first load with its answers: {first.total} bytes, {len(first.bytes)} requests")  # noqa: T201
        assert first.total <= FIRST_LOAD, first.bytes
        async with traffic(look) as second:
            await look.open("/")
        # Of the icon a browser has ideas of its own.
        files = {address for address in first.bytes if address.endswith((".js", ".css"))}
        assert files
        assert files & set(second.bytes) == set()
        assert second.bytes[f"{counted.url}/"] < NOT_MODIFIED


async def _minutes(look: Look, number: int) -> None:
    for _ in range(number):
        await look.page.clock.fast_forward(MINUTE_MS)
        await look.settled()


@pytest.mark.timeout(300)
async def test_a_tab_that_is_open_for_hours_holds_no_more_than_at_first(
    counted: Service, window: Window
) -> None:
    async with window(counted) as look:
        await look.page.clock.install()
        await look.open("/")
        await _minutes(look, EARLY)
        early = await held(look)
        await _minutes(look, ROUNDS - EARLY)
        late = await held(look)
    print(f"after {EARLY} minutes: {early}; after {ROUNDS}: {late}")  # noqa: T201
    assert late.nodes <= early.nodes + 100
    assert late.listeners <= early.listeners + 20
    assert late.heap_bytes <= early.heap_bytes + 500_000


async def test_every_address_on_it_is_one_of_the_service(look: Look) -> None:
    await look.open("/")
    addresses = await look.page.evaluate(
        "[...document.querySelectorAll('[src], [href]')].map(each => each.src || each.href)"
    )
    assert addresses
    assert [each for each in addresses if not re.match(rf"{re.escape(look.url)}[/#?]", each)] == []
