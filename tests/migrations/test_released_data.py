"""What an earlier release wrote is read, proved, rebuilt and counted on by today's code."""

import base64
import json
import shutil
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import aio_pika
import asyncpg
import httpx
import pytest
from sqlalchemy import text

from domain.settings import Settings
from rows.engine import open_engine
from tests.acceptance.processes import Role, footfall, report, until
from tests.conftest import PRODUCTION, embedded, postgres_database, stream_prefix
from tests.servers import rabbitmq_url

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(180)]

RELEASES = Path(__file__).parents[1] / "data"
RULES = "lower-host"
Counts = Counter[tuple[str, str]]


class Released(NamedTuple):
    """A copy of a release's data, and what it counted."""

    settings: Settings
    expected: dict[str, Any]

    @property
    def ruled(self) -> Settings:
        """With the rules that the live generation was built by."""
        return replace(self.settings, page_rules=RULES)


@pytest.fixture(params=["embedded", PRODUCTION])
async def released(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Released]:
    """The data of 0.2.0 on each backend in turn, nothing run on it yet."""
    folder = RELEASES / "0.2.0" / request.param
    expected = json.loads((folder / "expected.json").read_text())
    if request.param == "embedded":
        settings = embedded(tmp_path)
        shutil.copytree(folder, settings.data_dir)
        yield Released(settings, expected)
        return
    async with servers(embedded(tmp_path), folder) as settings:
        yield Released(settings, expected)


@asynccontextmanager
async def servers(settings: Settings, folder: Path) -> AsyncIterator[Settings]:
    """The dump in a database, the messages at their offsets in streams."""
    async with postgres_database() as database_url, stream_prefix() as prefix:
        connection = await asyncpg.connect(database_url.replace("+asyncpg", ""))
        await connection.execute((folder / "rows.sql").read_text())
        await connection.close()
        found = replace(
            settings, database_url=database_url, rabbitmq_url=rabbitmq_url(), stream_prefix=prefix
        )
        # Declares the streams.
        code, _, err = await footfall(found, "migrate")
        assert code == 0, err
        lines = (folder / "log.jsonl").read_text().splitlines()
        await publish([json.loads(line) for line in lines], prefix)
        yield found


async def publish(messages: list[dict[str, Any]], prefix: str) -> None:
    """In order, each confirmed before the next: into an empty stream at the offsets they had."""
    connection = await aio_pika.connect(rabbitmq_url())
    async with connection, connection.channel() as channel:
        for found in messages:
            message = aio_pika.Message(base64.b64decode(found["body"]))
            await channel.default_exchange.publish(message, f"{prefix}.{found['partition']}")


async def succeeds(settings: Settings, *arguments: str) -> str:
    """The output of a verb that exits with 0."""
    code, out, err = await footfall(settings, *arguments)
    assert code == 0, f"{arguments}: {out}{err}"
    return out


async def status(settings: Settings) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(await succeeds(settings, "status", "--json"))
    return found


async def reported(client: httpx.AsyncClient, views: dict[str, dict[str, int]]) -> Counts:
    """What the reports say of every day on which the pages were viewed."""
    found: Counts = Counter()
    for page, hours in views.items():
        for day in sorted({hour[:10] for hour in hours}):
            end = datetime.fromisoformat(day) + timedelta(days=1)
            for row in await report(client, page=page, now=f"{end:%Y-%m-%dT00:00:00Z}"):
                if row["v"]:
                    found[page, f"{day}T{row['h']:02}:00:00Z"] = row["v"]
    return found


def counts(views: dict[str, dict[str, int]]) -> Counts:
    return Counter({(page, hour): n for page, hours in views.items() for hour, n in hours.items()})


async def reports_say(settings: Settings, views: dict[str, dict[str, int]]) -> None:
    async with Role(settings, "read-api") as role:
        await role.serving()
        async with httpx.AsyncClient(base_url=role.url) as client:
            assert await reported(client, views) == counts(views)


async def test_it_is_migrated_and_reported_as_it_was_counted(released: Released) -> None:
    out = await succeeds(released.settings, "migrate")
    assert out.endswith("partitions: 3\n")
    assert await succeeds(released.settings, "migrate") == out
    await reports_say(released.settings, released.expected["views"])
    engine = open_engine(released.settings.rows_url)
    async with engine.connect() as connection:
        found = await connection.execute(text("SELECT body FROM dead_letters WHERE generation = 2"))
        bodies = [bytes(body) for body in found.scalars()]
    await engine.dispose()
    assert bodies == [base64.b64decode(body) for body in released.expected["dead_letters"]]


async def test_status_says_what_that_release_said(released: Released) -> None:
    await succeeds(released.settings, "migrate")
    assert await status(released.settings) == released.expected["status"]


async def test_its_rows_are_proved_by_its_totals_and_by_its_log(released: Released) -> None:
    await succeeds(released.settings, "migrate")
    out = await succeeds(released.settings, "verify")
    assert [line.split(":")[0] for line in out.splitlines()] == [
        "OK    generation 1",
        "OK    generation 2",
    ]
    assert "hours that differ: 0" in await succeeds(released.settings, "verify", "--deep")


async def test_it_is_rebuilt_without_a_difference(released: Released) -> None:
    await succeeds(released.settings, "migrate")
    out = await succeeds(released.ruled, "replay", "--workers", "1")
    assert "hours that differ: 0" in out
    assert (await status(released.settings))["generation"] == 3
    await reports_say(released.settings, released.expected["views"])


async def test_it_is_rolled_back_to_what_was_kept(released: Released) -> None:
    await succeeds(released.settings, "migrate")
    await succeeds(released.settings, "rollback")
    # What was viewed after that generation was replaced is in it too.
    await reports_say(released.settings, released.expected["views_without_rules"])
    await succeeds(released.settings, "verify")


async def test_new_views_are_counted_on(released: Released) -> None:
    views = released.expected["views"]
    page = next(iter(views))
    hour = max(views[page])
    body = {page: {hour: 7}, "example.com/new": {hour: 2}}
    async with Role(released.settings, "up") as role:
        await role.serving()
        async with httpx.AsyncClient(base_url=role.url) as client:
            assert (await client.post("/page-views/multi", json=body)).is_success
            wanted = {**views, page: {**views[page], hour: views[page][hour] + 7}}
            wanted["example.com/new"] = {hour: 2}

            async def counted() -> bool:
                return await reported(client, wanted) == counts(wanted)

            await until(counted, "a report of all views, old and new")
    assert (await status(released.settings))["views"] == released.expected["status"]["views"] + 9
    await succeeds(released.settings, "verify")
