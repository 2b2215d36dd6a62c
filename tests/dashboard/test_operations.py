"""How the service does, for operators: as the API says it, while it is rebuilt too."""

import signal
from math import floor
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import expect

from domain.partitioning import partition_for
from log.opening import open_writer
from tests.acceptance.processes import Role, footfall, until
from tests.dashboard.conftest import Window
from tests.dashboard.looking import NARROW, Look, whole
from tests.dashboard.seeding import by_hour
from tests.dashboard.service import Service, running
from tests.keys import numbered

pytestmark = [
    pytest.mark.chromium,
    pytest.mark.acceptance,
    pytest.mark.asyncio(loop_scope="module"),
]

PAGE = "example.com/"


async def cells(look: Look, table: str, row: int) -> list[str]:
    rows = look.page.get_by_role("group", name=table).locator("tbody tr")
    return await rows.nth(row).locator("th, td").all_inner_texts()


async def test_partitions_owners_and_generations_are_those_of_the_api(
    service: Service, window: Window
) -> None:
    await service.send({PAGE: by_hour([3, 5, 2]), "shop.example/": by_hour([1])})
    async with window(service) as look:
        await look.open("/operations")
        told: dict[str, Any] = {}

        async def caught_up() -> bool:
            told.update(await service.ask("/stats/operations"))
            number = len(told["partitions"])
            said = await look.page.locator(".at-parts .tools").inner_text()
            # One that renews its lease late is not told of for a moment.
            return said == f"{number} of {number} caught up" and len(told["projectors"]) == 1

        await until(caught_up, "all partitions being caught up", 60)
        for row, each in enumerate(told["partitions"]):
            number, state, behind, _, owner, folded, end = await cells(look, "Partitions", row)
            assert (number, state.strip()) == (str(each["partition"]), "caught up")
            assert (whole(behind), owner) == (each["behind"], each["owner"])
            assert (whole(folded), whole(end)) == (each["folded_to"], each["log_end"])
        (projector,) = told["projectors"]
        name, held, _ = await cells(look, "Owners", 0)
        assert name.startswith(projector["name"])
        assert whole(held) == len(projector["partitions"])
        (generation,) = told["generations"]
        generated, state, _, rules, views, _ = await cells(look, "Generations", 0)
        assert (generated, state, rules) == (str(generation["generation"]), "live", "none")
        assert whole(views) == generation["views"] == await service.total(period="all")
        assert await look.page.locator(".at-building").is_hidden()
        assert await look.sideways(NARROW) == []


async def test_a_partition_that_has_stopped_says_why(window: Window, tmp_path: Path) -> None:
    async with running("embedded", tmp_path) as service:
        await service.send({PAGE: by_hour([3])})
        stuck = partition_for(PAGE, service.settings.num_partitions)
        writer = open_writer(service.settings)
        await writer.append(stuck, b'[99,"p",1,1,0,["?"]]')
        await writer.close()
        async with window(service) as look:
            await look.open("/operations")
            why = look.page.locator(".at-parts .apart")
            await why.get_by_text(f"Partition {stuck}, offset").wait_for(timeout=30_000)
            told = await service.ask("/stats/operations")
            (its,) = (each for each in told["partitions"] if each["partition"] == stuck)
            assert its["stands_still"] in await why.inner_text()
            assert "stopped" in (await cells(look, "Partitions", stuck))[1]


@pytest.mark.timeout(180)
async def test_a_rebuild_is_watched_until_it_is_promoted(window: Window, tmp_path: Path) -> None:
    async with running("embedded", tmp_path) as service:
        for count in range(10):
            views = by_hour([count + 1])
            await service.send({f"example.com/{page}": views for page in range(20)})
        counted = await service.total(period="all")
        # So many events are loaded in a second: it is seen.
        replay = Role(service.settings, "replay", "--throttle", "12")
        async with window(service) as look, replay:
            await look.open("/operations")
            await replay.start()
            title = look.page.get_by_role("heading", name="Generation 2 is being built")
            await title.wait_for(timeout=30_000)
            strip = look.page.locator(".trust .facts")
            await strip.get_by_text("generation 2 is being built: ").wait_for()
            said = look.page.locator(".at-building")
            assert "Counts come from generation 1 until 2 is promoted." in await said.inner_text()
            replay.signal(signal.SIGINT)
            assert replay.process is not None
            assert await replay.process.wait() == 130
            # It stands as it was left.
            await said.get_by_text("Nobody builds it any more").wait_for()
            built = (await service.ask("/stats/operations"))["building"]
            meter = look.page.get_by_role("progressbar")
            shown = f"{floor(built['progress'] * 1_000) / 10:g}"
            await expect(meter).to_have_attribute("aria-valuenow", shown)
            assert f"{built['done']} of {built['total']} batches" in await said.inner_text()
            await look.shot("rebuild")
            code, _, err = await footfall(service.settings, "replay", "--keep-previous")
            assert code == 0, err
            await title.wait_for(state="hidden")
            number, state, *_, views_told, _ = await cells(look, "Generations", 0)
            assert (number, state.startswith("live, begun ")) == ("2", True)
            assert whole(views_told) == counted == await service.total(period="all")
            assert (await cells(look, "Generations", 1))[1].startswith("kept for rollback until")


async def test_without_the_right_it_says_which_key_is_needed(
    window: Window, tmp_path: Path
) -> None:
    async with running("embedded", tmp_path, admin_key=numbered(1)) as service:
        async with window(service) as look:
            look.may_say(r"status of 401")
            await look.open("/operations")
            said = look.page.get_by_text("Operations are shown to keys with the right admin.")
            await said.wait_for()
            link = look.page.get_by_role("link", name="Sign in")
            assert await link.get_attribute("href") == "/sign-in?to=/operations"
