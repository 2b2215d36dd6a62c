"""The trust strip: what is sure, why not more, and since when, as the service says it."""

import asyncio
import re
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.async_api import Response

from domain.partitioning import partition_for
from log.opening import open_writer
from tests.acceptance.processes import until
from tests.dashboard.conftest import Window
from tests.dashboard.looking import PHONE, Look
from tests.dashboard.seeding import by_hour
from tests.dashboard.service import Service, on, running
from tests.servers import PrivatePostgres

pytestmark = [
    pytest.mark.chromium,
    pytest.mark.acceptance,
    pytest.mark.asyncio(loop_scope="module"),
]

LEAD = ".trust .lead"
PAGE = "example.com/"
# Amber comes after half a minute, order is believed after ten seconds; and a machine is busy.
PATIENCE_SECONDS = 90.0
_MOMENT = re.compile(r"omplete until (?:\w+ \d+ \w+ )?(\d\d:\d\d:\d\d) UTC")


async def lead(look: Look) -> str:
    (found,) = await look.texts(LEAD)
    return found


async def whole(look: Look) -> str:
    return await look.page.locator(".trust .says").inner_text()


async def until_it_is(look: Look, kind: str) -> str:
    """All that the strip says once it has that colour."""
    strip = look.page.locator(f"section.trust.{kind}")
    await strip.wait_for(timeout=PATIENCE_SECONDS * 1_000)
    return " ".join((await whole(look)).split())


def second(moment: str) -> str:
    return datetime.fromisoformat(moment).astimezone(UTC).strftime("%H:%M:%S")


async def test_its_moment_is_the_least_of_all_that_is_on_the_screen(
    service: Service, window: Window
) -> None:
    await service.send({PAGE: by_hour([3, 5, 2])})
    async with window(service) as look:
        answered: dict[str, str] = {}

        async def heard(response: Response) -> None:
            path = response.url.partition("/stats/")[2].partition("?")[0]
            if path and not path.startswith("live") and response.ok:
                moment = (await response.json()).get("complete_until")
                if moment:
                    answered[path] = moment

        look.page.on("response", heard)
        await look.open("/")
        assert "All in order." in await look.page.locator(LEAD).text_content()  # type: ignore[operator]

        async def told() -> bool:
            found = _MOMENT.search(await lead(look))
            return found is not None and found[1] == second(min(answered.values()))

        await until(told, "the strip telling the least moment that was answered")
        assert {"views", "state"} <= answered.keys()
        said = await whole(look)
        assert re.search(r"\d+ s behind", said)
        assert f"generation {(await service.ask('/stats/state'))['generation']}" in said


async def test_it_opens_to_what_its_words_rest_on(look: Look, embedded_service: Service) -> None:
    await embedded_service.send({PAGE: by_hour([3, 5, 2])})
    await look.open("/", period="24h", page=PAGE)
    button = look.page.get_by_role("button", name="Details")
    await button.click()
    await look.page.get_by_text("Partitions caught up").wait_for()
    state = await embedded_service.ask("/stats/state")
    told = dict(zip(await look.texts(".proof dt"), await look.texts(".proof dd"), strict=True))
    number = len(state["partitions"])
    assert told["Partitions caught up"] == f"{number} of {number}"
    assert told["Rule"] == "all is kept"
    assert told["Set aside"] == "0"
    (line,) = await look.texts(".proof pre")
    asked = await asyncio.to_thread(
        subprocess.run, line.replace("curl -i", "curl -s", 1),
        shell=True, check=True, capture_output=True, text=True,
    )  # fmt: skip
    assert f'"total":{await look.number(".hero .v")},' in asked.stdout
    operations = look.page.get_by_role("link", name="Operations: partitions, owners, generations")
    assert "/operations" in (await operations.get_attribute("href") or "")
    await look.page.keyboard.press("Escape")
    assert not await look.page.get_by_text("Partitions caught up").is_visible()
    assert await look.page.evaluate("document.activeElement.textContent") == "Details"


@pytest.mark.npm
async def test_what_it_opens_to_is_for_everybody(window: Window, embedded_service: Service) -> None:
    async with window(embedded_service, size=PHONE, dark=True) as look:
        await look.open("/")
        await look.page.get_by_role("button", name="Details").click()
        await look.page.get_by_text("Partitions caught up").wait_for()
        assert await look.axe() == []
        assert await look.sideways() == []


async def test_a_stopped_partition_is_red_and_said_once(window: Window, tmp_path: Path) -> None:
    async with running("embedded", tmp_path) as service:
        await service.send({PAGE: by_hour([3, 5, 2]), "shop.example/": by_hour([1])})
        stuck = partition_for(PAGE, service.settings.num_partitions)
        async with window(service, size=PHONE, dark=True) as look:
            await look.open("/")
            await until_it_is(look, "ok")
            writer = open_writer(service.settings)
            await writer.append(stuck, b'[99,"p",1,1,0,["?"]]')
            await writer.close()
            said = await until_it_is(look, "bad")
            assert f": partition {stuck} has stopped. Its pages wait since then, all others" in said
            assert "upgrade the projectors, nothing confirmed is lost." in said
            state = await service.ask("/stats/state")
            assert f"Complete until {second(state['complete_until'])} UTC" in said
            alarm = look.page.locator(".trust [role=alert]")
            first = await alarm.text_content()
            assert first is not None
            assert first.startswith("Problem. Complete until")
            # A second answer says nothing aloud.
            async with look.page.expect_response("**/stats/state"):
                pass
            assert await alarm.text_content() == first
            assert await look.page.locator("body").evaluate("b => b.scrollWidth") <= PHONE[0]
            await look.shot("stopped-dark")


@pytest.mark.postgres
@pytest.mark.rabbitmq
@pytest.mark.timeout(240)
async def test_without_a_projector_it_is_amber_and_comes_back(
    window: Window, tmp_path: Path
) -> None:
    async with running("production", tmp_path) as service:
        await service.send({PAGE: by_hour([3, 5, 2])})
        async with window(service) as look:
            await look.open("/")
            await until_it_is(look, "ok")
            await service.roles["projector"].kill()
            said = await until_it_is(look, "warn")
            assert "s behind. No projector counts: it goes on as soon as one runs." in said
            assert said.endswith("Hatched hours will still grow.")
            spoken = await look.page.locator("#say").text_content()
            assert spoken is not None
            assert spoken.startswith("Warning. Complete until")
            await look.shot("behind")
            await service.roles["projector"].start()
            assert "generation 1" in await until_it_is(look, "ok")


@pytest.mark.private_servers
@pytest.mark.timeout(240)
async def test_a_database_that_is_away_is_red_and_what_is_shown_stays(
    window: Window, database: PrivatePostgres, tmp_path: Path
) -> None:
    async with on(database, tmp_path) as service:
        await service.send({PAGE: by_hour([3, 5, 2])})
        async with window(service) as look:
            look.may_say(r"status of 503")
            await look.open("/")
            await until_it_is(look, "ok")
            await asyncio.to_thread(database.kill)
            try:
                said = await until_it_is(look, "bad")
                known = await service.ask("/stats/state")
                since = known["database"]["since"]
                assert f": the database has not answered since {second(since)}." in said
                assert "What you see is the last answer." in said
                moment = _MOMENT.search(said)
                assert moment is not None
                assert moment[1] <= second(known["complete_until"])
                accepted = "Views are still accepted and will be counted."
                await look.page.locator(".trust .facts").get_by_text(accepted).wait_for()
                assert re.search(r"Asking again(?: in \d s)?\.", await whole(look))
                assert await look.number(".hero .v") == 10
            finally:
                await asyncio.to_thread(database.start)
            await until_it_is(look, "ok")


@pytest.mark.timeout(240)
async def test_a_service_that_is_gone_is_amber_and_comes_back(
    window: Window, tmp_path: Path
) -> None:
    async with running("embedded", tmp_path) as service:
        await service.send({PAGE: by_hour([3, 5, 2])})
        async with window(service) as look:
            look.may_say(r"net::ERR")
            await look.open("/")
            await until_it_is(look, "ok")
            assert await service.roles["up"].stop() == 0
            said = await until_it_is(look, "warn")
            assert ": Footfall has not answered since " in said
            assert "What you see is the last answer. Asking again" in said
            assert await look.number(".hero .v") == 10
            await service.roles["up"].serving()
            await until_it_is(look, "ok")
