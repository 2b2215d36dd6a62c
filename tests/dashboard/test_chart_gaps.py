"""What is not known is a gap and never a zero: no longer kept, or not counted yet."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.acceptance.processes import until
from tests.dashboard.conftest import Window
from tests.dashboard.looking import Look
from tests.dashboard.seeding import believable, by_hour
from tests.dashboard.service import running
from tests.dashboard.test_chart import table
from tests.dba import execute

pytestmark = [
    pytest.mark.chromium,
    pytest.mark.acceptance,
    pytest.mark.asyncio(loop_scope="module"),
]


async def states(look: Look) -> list[tuple[str, str]]:
    """Views and whether they are complete, of each bucket."""
    return [(row[1], row[-1]) for row in await table(look)]


async def test_past_the_horizon_is_a_gap_and_the_day_it_cuts_is_hatched(
    window: Window, tmp_path: Path
) -> None:
    async with running("embedded", tmp_path) as service:
        await service.send(believable(days=40))
    async with running("embedded", tmp_path, retention_days=30, retention_check_ms=200) as service:

        async def dropped() -> bool:
            return (await service.ask("/stats/state"))["horizon"] is not None

        await until(dropped, "the drop of what is past")
        horizon = datetime.fromisoformat((await service.ask("/stats/state"))["horizon"])
        first = f"{horizon - timedelta(days=4):%F}"
        async with window(service) as look:
            await look.open("/", from_=first, unit="day")
            assert await look.page.locator("rect.gap.gone").count() == 1
            assert "no longer kept" in await look.page.locator(".plot text").all_text_contents()
            found = await states(look)
            assert found[:4] == [("–", "no longer kept")] * 4
            # At midnight the horizon cuts no day.
            if horizon.hour:
                assert found[4][1] == "its beginning is no longer kept"
            assert found[5][1] == "yes"
            await look.open("/", from_=first, unit="day", compare="previous")
            assert {row[2] for row in (await table(look))[:5]} == {"–"}


@pytest.mark.rabbitmq
@pytest.mark.postgres
async def test_what_is_not_counted_yet_is_a_gap_and_what_came_of_it_is_hatched(
    window: Window, tmp_path: Path
) -> None:
    async with running("production", tmp_path) as service:
        await service.send({"example.com/": by_hour([3, 3, 3, 3, 0, 0, 7, 0, 0])})
        assert await service.roles["projector"].stop() == 0
        # As if it had stopped five hours ago.
        await execute(
            service.settings.database_url or "",
            f"UPDATE checkpoints SET complete_ms = complete_ms - {5 * 3_600_000}",
            f"UPDATE generations SET complete_ms = complete_ms - {5 * 3_600_000}",
        )
        async with window(service) as look:
            await look.open("/", period="24h")
            assert await look.page.locator("rect.gap.later").count() == 2
            legend = await look.texts(".legend li")
            assert legend[1:] == ["not complete", "not counted yet"]
            found = await states(look)
            await look.open("/", period="24h", tz="Europe/Berlin")
            await look.shot("behind", whole=True)
    later, grows = ("–", "not counted yet"), "not yet"
    assert found[-9:-5] == [("3", "yes")] * 3 + [("3", grows)]
    assert found[-5:] == [later, later, ("7", grows), later, later]
