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
import httpx
import pytest
from sqlalchemy import text

from cli.wiring.process import now_ms
from domain.settings import Settings
from log.rabbitmq.streams import declare_streams
from migrations.history import newest
from rows.engine import open_engine
from tests.acceptance.processes import Role, footfall, report, until
from tests.conftest import PRODUCTION, embedded, postgres_database, stream_prefix
from tests.migrations.released import DATA, RELEASES, expected, restore_rows
from tests.servers import rabbitmq_url

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(180)]

RULES = "lower-host"
DAY_MS = 24 * 3_600_000
Counts = Counter[tuple[str, str]]


class Released(NamedTuple):
    """A copy of a release's data, and what it counted."""

    release: str
    settings: Settings
    expected: dict[str, Any]

    @property
    def ruled(self) -> Settings:
        """With the rules that the live generation was built by."""
        rules = RULES if self.release != "0.1.0" else ""
        return replace(self.settings, page_rules=rules)

    @property
    def generations(self) -> list[dict[str, Any]]:
        """As `footfall status` told them; 0.1.0 had one and did not tell."""
        found: list[dict[str, Any]] = self.expected["status"].get("generations", [{}])
        return found


@pytest.fixture(params=RELEASES)
def release(request: pytest.FixtureRequest) -> str:
    """Each in turn."""
    found: str = request.param
    return found


@pytest.fixture(params=["embedded", PRODUCTION])
async def released(
    request: pytest.FixtureRequest, release: str, tmp_path: Path
) -> AsyncIterator[Released]:
    """The data of a release on each backend in turn, nothing run on it yet."""
    counted = expected(release, request.param)
    settings = embedded(tmp_path)
    if request.param == "embedded":
        shutil.copytree(DATA / release / "embedded", settings.data_dir)
        yield Released(release, settings, counted)
        return
    async with servers(settings, release) as settings:
        yield Released(release, settings, counted)


@asynccontextmanager
async def servers(settings: Settings, release: str) -> AsyncIterator[Settings]:
    """The dump in a database, the messages at their offsets in streams."""
    async with postgres_database() as database_url, stream_prefix() as prefix:
        await restore_rows(release, database_url)
        found = replace(
            settings, database_url=database_url, rabbitmq_url=rabbitmq_url(), stream_prefix=prefix
        )
        await declare_streams(rabbitmq_url(), prefix, settings.num_partitions, None)
        lines = (DATA / release / "production" / "log.jsonl").read_text().splitlines()
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


def told(found: Any, before: Any) -> Any:
    """Of `found` what `before` has too: later releases tell more."""
    if isinstance(before, dict) and isinstance(found, dict):
        return {name: told(found[name], before[name]) for name in before}
    if isinstance(before, list) and isinstance(found, list):
        return [told(*pair) for pair in zip(found, before, strict=True)]
    return found


async def query(settings: Settings, statement: str) -> list[Any]:
    """The first column."""
    engine = open_engine(settings.rows_url)
    async with engine.begin() as connection:
        result = await connection.execute(text(statement))
        found = list(result.scalars()) if result.returns_rows else []
    await engine.dispose()
    return found


async def test_it_is_migrated_and_says_what_that_release_counted(released: Released) -> None:
    settings = released.settings
    out = await succeeds(settings, "migrate")
    done = [f"rows: {newest()}", "partitions: 3"]
    assert out.splitlines()[0:3:2] == done
    assert (await succeeds(settings, "migrate")).splitlines()[0:3:2] == done
    before = released.expected["status"]
    assert told(await status(settings), before) == before
    out = await succeeds(settings, "verify")
    assert [line.split(":")[0] for line in out.splitlines()] == [
        f"OK    generation {number}" for number, _ in enumerate(released.generations, start=1)
    ]
    await reports_say(settings, released.expected["views"])
    letters = await query(
        settings,
        "SELECT body FROM dead_letters "
        "WHERE generation = (SELECT generation FROM generations WHERE state = 'live')",
    )
    bodies = [bytes(body) for body in letters]
    assert bodies == [base64.b64decode(body) for body in released.expected["dead_letters"]]


async def test_it_is_rebuilt_without_a_difference(released: Released) -> None:
    await succeeds(released.settings, "migrate")
    assert "hours that differ: 0" in await succeeds(released.settings, "verify", "--deep")
    out = await succeeds(released.ruled, "replay", "--workers", "1")
    assert "hours that differ: 0" in out
    assert (await status(released.settings))["generation"] > len(released.generations)
    await reports_say(released.settings, released.expected["views"])


@pytest.mark.parametrize("release", ["0.2.0"])
async def test_it_is_rolled_back_to_what_was_kept(released: Released) -> None:
    await succeeds(released.settings, "migrate")
    # It was kept for a week from when the data were made.
    await query(
        released.settings,
        f"UPDATE generations SET kept_until_ms = {now_ms() + DAY_MS} WHERE state = 'previous'",
    )
    await succeeds(released.settings, "rollback")
    # What was viewed after that generation was replaced is in it too.
    await reports_say(released.settings, released.expected["views_without_rules"])
    await succeeds(released.settings, "verify")


@pytest.mark.parametrize("release", ["0.2.0"])
async def test_what_it_kept_goes_when_its_time_is_over(released: Released) -> None:
    await succeeds(released.settings, "migrate")
    await query(
        released.settings, "UPDATE generations SET kept_until_ms = 1 WHERE state = 'previous'"
    )
    assert "gone: generation 1" in await succeeds(released.settings, "retain")
    await reports_say(released.settings, released.expected["views"])


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
        out = await succeeds(released.ruled, "check")
        assert "ERROR" not in out
    assert (await status(released.settings))["views"] == released.expected["status"]["views"] + 9
    await succeeds(released.settings, "verify")
