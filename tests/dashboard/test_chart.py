"""The chart: its numbers, what is known of each bucket, reading it and zooming into it."""

import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import pytest_asyncio

from tests.dashboard.conftest import Window
from tests.dashboard.looking import NARROW, PHONE, Look, whole
from tests.dashboard.seeding import believable, by_hour
from tests.dashboard.service import Service

pytestmark = [
    pytest.mark.chromium,
    pytest.mark.acceptance,
    pytest.mark.asyncio(loop_scope="module"),
]

WEEK = {"from_": "2026-10-19", "to": "2026-10-26"}
"""Long over: nothing of it changes while a test looks."""
_AUTUMN = "2026-10-25T{:02}:00:00Z"
_COLOURS = """async (text) => {
    const bytes = Uint8Array.from(atob(text), (each) => each.charCodeAt(0))
    const picture = await createImageBitmap(new Blob([bytes]))
    const canvas = new OffscreenCanvas(picture.width, picture.height).getContext('2d')
    canvas.drawImage(picture, 0, 0)
    const found = {}
    const pixels = canvas.getImageData(0, 0, picture.width, picture.height).data
    for (let at = 0; at < pixels.length; at += 4) {
        const colour = `${pixels[at]} ${pixels[at + 1]} ${pixels[at + 2]}`
        found[colour] = (found[colour] ?? 0) + 1
    }
    return found
}"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def counted(embedded_service: Service) -> Service:
    """Visits until now, a week long ago, and the day of it that had 25 hours in Berlin."""
    await embedded_service.send(believable(days=9))
    week = datetime(2026, 10, 19, tzinfo=UTC)
    hours = {f"{week + timedelta(hours=n):%Y-%m-%dT%H:00:00Z}": n % 23 * 37 for n in range(144)}
    views = {moment: count for moment, count in hours.items() if count}
    views |= {_AUTUMN.format(0): 11, _AUTUMN.format(1): 22, _AUTUMN.format(2): 33}
    await embedded_service.send({"example.com/": views})
    return embedded_service


async def table(look: Look) -> Sequence[Sequence[str]]:
    """The rows of the table in the chart's place."""
    if await look.page.locator(".twin").is_hidden():
        await look.page.get_by_role("button", name="Table").click()
    rows = "rows => rows.map(row => [...row.cells].map(cell => cell.innerText))"
    await look.page.locator(".twin tbody tr").first.wait_for()
    found: Sequence[Sequence[str]] = await look.page.locator(".twin tbody tr").evaluate_all(rows)
    return found


async def place(look: Look, bucket: int, of: int) -> tuple[float, float]:
    """Where a bucket is in the window."""
    box = await look.page.locator(".chart").bounding_box()
    assert box is not None
    left = float(await look.page.locator(".base").first.get_attribute("x1") or 0)
    width = (box["width"] - left) / of
    return box["x"] + left + (bucket + 0.5) * width, box["y"] + box["height"] / 2


def asked(look: Look) -> Mapping[str, str]:
    return dict(parse_qsl(urlsplit(look.page.url).query))


async def spoken(look: Look) -> str:
    """What a screen reader hears of the bucket that is read."""
    return await look.page.locator(".rail").get_attribute("aria-valuetext") or ""


def views_of(answer: Any) -> Sequence[int]:
    return [bucket["views"] for bucket in answer["buckets"]]


@pytest.mark.parametrize("unit", ["hour", "day"])
async def test_the_table_in_its_place_has_the_numbers_of_the_answer(
    counted: Service, look: Look, unit: str
) -> None:
    asked_for = {**WEEK, "unit": unit, "compare": "previous"}
    answer = await counted.ask("/stats/views", **asked_for)
    await look.open("/", **asked_for)
    rows = await table(look)
    assert [whole(row[1]) for row in rows] == views_of(answer)
    assert [whole(row[2]) for row in rows] == views_of(answer["compare"])
    assert {row[3] for row in rows} == {"yes"}
    assert await look.number(".twin caption") == answer["total"] == sum(views_of(answer))
    await look.page.get_by_role("button", name="Chart").click()
    assert await look.page.locator(".plot").is_visible()


async def test_every_bar_is_as_high_as_its_number(counted: Service, look: Look) -> None:
    answer = await counted.ask("/stats/views", **WEEK, unit="day")
    await look.open("/", **WEEK, unit="day")
    path = await look.page.locator("path.bar").get_attribute("d")
    heights = [
        float(bottom) - float(top) for bottom, top in re.findall(r" ([\d.]+)V([\d.]+)h", path or "")
    ]
    high, most = max(heights), max(views_of(answer))
    for height, views in zip(heights, views_of(answer), strict=True):
        assert height == pytest.approx(max(2, views / most * high), abs=0.2)


async def test_a_drag_marks_whole_buckets_and_zooms_and_back_undoes_it(
    counted: Service, look: Look
) -> None:
    await look.open("/", **WEEK, unit="day")
    mouse = look.page.mouse
    await mouse.move(*await place(look, 2, 7))
    await mouse.down()
    await mouse.move(*await place(look, 4, 7), steps=4)
    marked = await look.texts(".read")
    assert marked[0].startswith("3 days from Wed 21 Oct to Fri 23 Oct: ")
    await mouse.up()
    await look.settled()
    assert asked(look) == {"from": "2026-10-21", "to": "2026-10-24"}
    answer = await counted.ask("/stats/views", from_="2026-10-21", to="2026-10-24")
    assert whole(marked[0].partition(": ")[2]) == answer["total"]
    assert answer["question"]["unit"] == "hour"
    assert [whole(row[1]) for row in await table(look)] == views_of(answer)

    await look.page.get_by_role("link", name="Undo zoom").click()
    await look.settled()
    assert asked(look) == {"from": "2026-10-19", "to": "2026-10-26", "unit": "day"}
    assert await look.page.get_by_role("link", name="Undo zoom").is_hidden()
    for wanted in ("2026-10-21", "2026-10-19"):
        await look.page.go_back()
        await look.settled()
        assert asked(look)["from"] == wanted
    assert len(await table(look)) == 7


async def test_keys_read_mark_zoom_and_drop(counted: Service, look: Look) -> None:
    answer = await counted.ask("/stats/views", **WEEK, unit="hour")
    await look.open("/", **WEEK, unit="hour")
    await look.page.locator(".rail").focus()
    keys = look.page.keyboard
    await keys.press("Home")
    assert await spoken(look) == "Mon 19 Oct 00:00–01:00: 0 views"
    await keys.press("ArrowRight")
    assert await spoken(look) == "Mon 19 Oct 01:00–02:00: 37 views"
    await keys.press("PageDown")
    assert await spoken(look) == (await look.texts(".read"))[0]
    await keys.press("End")
    assert (await spoken(look)).startswith("Sun 25 Oct 23:00–00:00: 0 views")

    await keys.press("Home")
    for _ in range(3):
        await keys.press("Shift+ArrowRight")
    hours = "4 hours from Mon 19 Oct 00:00–01:00 to Mon 19 Oct 03:00–04:00"
    assert await spoken(look) == f"{hours}: {sum(views_of(answer)[:4])} views"
    await keys.press("Escape")
    assert await spoken(look) == "Mon 19 Oct 03:00–04:00: 111 views"
    assert asked(look)["unit"] == "hour"

    await keys.press("Shift+ArrowLeft")
    await keys.press("Enter")
    await look.settled()
    zoomed = asked(look)
    assert (zoomed["from"], zoomed["to"]) == (
        "2026-10-19T02:00:00+00:00",
        "2026-10-19T04:00:00+00:00",
    )
    assert [row[1] for row in await table(look)] == ["74", "111"]


async def test_a_pointer_reads_in_a_fixed_place_and_a_finger_too(
    counted: Service, look: Look, window: Window
) -> None:
    await look.open("/", **WEEK, unit="day")
    before = await look.page.locator(".chart").bounding_box()
    await look.page.mouse.move(*await place(look, 6, 7))
    assert (await look.texts(".read"))[0] == "Sun 25 Oct: 66 views"
    assert await look.page.locator(".chart").bounding_box() == before
    await look.page.mouse.move(5, 5)
    assert await look.page.locator(".read").inner_text() == ""
    async with window(counted, size=PHONE, has_touch=True) as phone:
        await phone.open("/", **WEEK, unit="day")
        await phone.page.touchscreen.tap(*await place(phone, 6, 7))
        assert (await phone.texts(".read"))[0] == "Sun 25 Oct: 66 views"
        assert asked(phone)["from"] == "2026-10-19"


async def test_the_open_hour_is_hatched_and_the_hours_to_come_are_a_gap(
    counted: Service, look: Look
) -> None:
    await look.open("/", period="24h")
    assert await look.page.locator(".shapes path.part").count() == 1
    path = await look.page.locator(".shapes path.part").get_attribute("d")
    assert (path or "").count("M") == 1
    await look.page.locator(".rail").focus()
    assert " so far" in await spoken(look)
    assert "not complete" in await look.texts(".legend li")

    tomorrow = datetime.now(UTC) + timedelta(days=2)
    await look.open("/", unit="hour", from_=f"{datetime.now(UTC):%F}", to=f"{tomorrow:%F}")
    assert await look.page.locator("rect.gap.ahead").count() == 1
    assert (await table(look))[-1][1:] == ["–", "still to come"]


async def test_the_hour_that_comes_twice_is_there_twice(counted: Service, look: Look) -> None:
    asked_for = {"from_": "2026-10-25", "to": "2026-10-26", "tz": "Europe/Berlin", "unit": "hour"}
    await look.open("/", **asked_for)
    rows = await table(look)
    assert len(rows) == 25
    assert [row[:2] for row in rows[2:4]] == [
        ["Sun 25 Oct 02:00–03:00 (UTC+2)", "11"],
        ["Sun 25 Oct 02:00–03:00 (UTC+1)", "22"],
    ]
    assert rows[4][:2] == ["Sun 25 Oct 03:00–04:00", "33"]
    answer = await counted.ask("/stats/views", **asked_for)
    assert [whole(row[1]) for row in rows] == views_of(answer)


async def test_the_range_before_is_a_line_over_the_bars(counted: Service, look: Look) -> None:
    await look.open("/", from_="2026-10-24", to="2026-10-26", unit="hour")
    assert await look.page.locator("path.was").count() == 0
    await look.open("/", from_="2026-10-24", to="2026-10-26", unit="hour", compare="previous")
    assert await look.page.locator(".shapes path.was").count() == 1
    assert "the time before" in await look.texts(".legend li")
    answer = await counted.ask(
        "/stats/views", from_="2026-10-24", to="2026-10-26", unit="hour", compare="previous"
    )
    await look.page.mouse.move(*await place(look, 5, 48))
    now, before = views_of(answer)[5], views_of(answer["compare"])[5]
    assert (await look.texts(".read"))[0].endswith(f": {now} views, {before} before")


async def test_ten_thousand_buckets_are_few_elements_and_their_table_is_turned(
    counted: Service, look: Look
) -> None:
    year = {"from_": "2025-09-15", "to": "2026-10-26", "unit": "hour"}
    answer = await counted.ask("/stats/views", **year)
    await look.open("/", **year)
    assert await look.page.locator(".shapes path.curve").count() == 1
    assert await look.page.locator(".plot *").count() < 100
    rows = await table(look)
    assert await look.page.locator("*").count() < 2_000
    assert [whole(row[1]) for row in rows] == views_of(answer)[-len(rows) :]
    await look.page.get_by_role("button", name="Earlier").click()
    earlier = await table(look)
    assert [whole(row[1]) for row in earlier] == views_of(answer)[-len(rows) - 168 : -len(rows)]


@pytest.mark.parametrize("dark", [False, True])
async def test_saved_as_a_picture_it_has_the_colours_of_the_page(
    counted: Service, window: Window, dark: bool
) -> None:
    async with window(counted, dark=dark) as look:
        await look.open("/", **WEEK, unit="hour", compare="previous")
        async with look.page.expect_download() as saving:
            await look.page.get_by_role("button", name="Save as picture").click()
        saved = await saving.value
        assert saved.suggested_filename == "footfall-2026-10-19.png"
        picture = (await saved.path()).read_bytes()
        assert picture.startswith(b"\x89PNG")
        colours = await look.page.evaluate(_COLOURS, b64encode(picture).decode())
    blue, paper = ("130 171 255", "20 22 26") if dark else ("35 88 200", "255 255 255")
    assert colours[blue] > 10_000
    assert colours[paper] > 100_000


async def test_the_csv_is_of_the_same_question(counted: Service, look: Look) -> None:
    await look.open("/", **WEEK, unit="day", site="example.com", compare="previous")
    async with look.page.expect_download() as saving:
        await look.page.locator(".chart-head").get_by_role("link", name="CSV").click()
    lines = (await (await saving.value).path()).read_text().splitlines()
    answer = await counted.ask(
        "/stats/views", **WEEK, unit="day", site="example.com", compare="previous"
    )
    assert [int(line.split(",")[2]) for line in lines[1:]] == views_of(answer)


async def test_it_fits_a_narrow_window_and_moves_nothing(counted: Service, window: Window) -> None:
    async with window(counted, size=NARROW, reduced_motion="reduce", dark=True) as look:
        await look.open("/", **WEEK, compare="previous")
        assert await look.sideways(NARROW) == []
        assert await look.page.evaluate("document.getAnimations().length") == 0
        width = await look.page.locator(".plot").evaluate("plot => plot.clientWidth")
        await look.page.set_viewport_size({"width": 700, "height": 640})
        await look.settled()
        assert await look.page.locator(".plot").evaluate("plot => plot.clientWidth") > width


async def test_on_paper_it_is_black_on_white_without_controls(
    counted: Service, window: Window
) -> None:
    async with window(counted, dark=True) as look:
        await look.open("/", **WEEK)
        await look.page.emulate_media(media="print")
        assert await look.page.locator(".chart-head .tools").is_hidden()
        assert await look.page.locator(".plot").is_visible()
        ink = "getComputedStyle(document.querySelector('.axis')).fill"
        shade = [int(part) for part in re.findall(r"\d+", await look.page.evaluate(ink))]
        assert max(shade) == 0
        await look.shot("print", whole=True)


@pytest.mark.npm
async def test_nothing_of_it_is_out_of_reach(counted: Service, look: Look) -> None:
    await look.open("/", **WEEK, compare="previous")
    assert await look.axe() == []
    await table(look)
    assert await look.axe() == []


async def test_hours_of_the_week_are_those_of_the_answer(counted: Service, look: Look) -> None:
    asked_for = {**WEEK, "tz": "Europe/Berlin"}
    await look.open("/", **asked_for)
    answer = await counted.ask("/stats/hours-of-week", **asked_for)
    expected = [0] * 168
    for cell in answer["cells"]:
        expected[(cell["weekday"] - 1) * 24 + cell["hour"]] = cell["views"]
    assert await look.numbers(".heat tbody td") == expected

    heat = look.page.locator(".heat")
    await heat.focus()
    await look.page.keyboard.press("ArrowRight")
    await look.page.keyboard.press("ArrowDown")
    await look.page.keyboard.press("End")
    said = f"Tue 23:00–00:00: {expected[47]} views"
    assert said in await look.texts(".hours .body p")
    assert (await look.page.locator("#say").inner_text()) == said
    most = expected.index(max(expected))
    assert await look.page.locator(".heat td").nth(most + 1).get_attribute("class") == "h6"


async def test_one_view_among_many_is_seen(embedded_service: Service, look: Look) -> None:
    await embedded_service.send({"few.example/": by_hour([200_000, 1, 0, 0, 0])})
    await look.open("/", site="few.example", period="24h")
    path = await look.page.locator("path.bar").get_attribute("d")
    heights = [
        round(float(bottom) - float(top))
        for bottom, top in re.findall(r" ([\d.]+)V([\d.]+)h", path or "")
    ]
    assert heights[1] == 2
