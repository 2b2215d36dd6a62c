"""Roles that may do less than everything, with the grants that docs/postgresql.md gives them."""

import asyncio
import logging
import re
import uuid
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from litestar import Litestar

from cli.output.rebuild import Narrator
from cli.output.rights import rights_lines
from cli.wiring import horizon
from cli.wiring.migrate import make_months, migrate
from cli.wiring.process import now_ms
from cli.wiring.versions import require_migrated
from domain.errors import StoreUnavailable
from domain.events import Hour
from domain.hours import HOUR_MS, hour_of, parse_instant
from domain.page_rules import NO_RULES
from domain.retention import NOTHING_PAST, ExpiredRows
from domain.settings import Settings
from projector.rebuild.replay import Replay, replay
from rows.fold.leases import SqlLeases
from rows.fold.store import SqlProjectionStore
from rows.jobs import RETENTION
from rows.opening import Rows, open_rows
from rows.retention.expiry import SqlExpiry
from tests import dba
from tests.acceptance.processes import footfall
from tests.conftest import embedded, postgres_database
from tests.contract.rebuild.site import ONE, PAGE, Site
from tests.factories import event

pytestmark = [pytest.mark.postgres, pytest.mark.timeout(120)]

NAMES = ("footfall_owner", "footfall_writer", "footfall_reader")
DAY_MS = 24 * HOUR_MS
LONG_AGO = parse_instant("2019-03-05T10:00:00Z")


def documented() -> list[list[str]]:
    """The statements of each block of SQL in the page."""
    page = (Path(__file__).parents[2] / "docs/postgresql.md").read_text()
    blocks = re.findall(r"```sql\n(.*?)```", page, re.DOTALL)
    return [[part.strip() for part in block.split(";") if part.strip()] for block in blocks]


class Roles:
    """The settings of each of the documented roles, under names of the test's own."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url = url
        mark = uuid.uuid4().hex[:8]
        self.names = {name: f"{name}_{mark}" for name in NAMES}
        self._folder = folder

    @property
    def owner(self) -> Settings:
        return self._of("footfall_owner")

    @property
    def writer(self) -> Settings:
        return self._of("footfall_writer")

    @property
    def reader(self) -> Settings:
        return self._of("footfall_reader")

    def _of(self, name: str) -> Settings:
        url = dba.as_role(self.url, self.names[name])
        return replace(embedded(self._folder), database_url=url)

    async def run(self, statements: list[str]) -> None:
        for statement in statements:
            for name, mine in self.names.items():
                statement = statement.replace(name, mine)
            await dba.execute(self.url, statement)


@pytest.fixture
async def roles(tmp_path: Path) -> AsyncIterator[Roles]:
    before, for_tables_that_are_there = documented()
    async with postgres_database() as url:
        found = Roles(url, tmp_path)
        try:
            await found.run(before)
            await migrate(found.owner)
            await make_months(found.owner)
            await found.run(for_tables_that_are_there)
            yield found
        finally:
            await found.run([f"DROP OWNED BY {name}" for name in NAMES])
            await found.run([f"DROP ROLE {name}" for name in NAMES])


@asynccontextmanager
async def at(settings: Settings) -> AsyncIterator[Site]:
    site = Site(settings.rows_url)
    yield site
    await site.close()


async def test_a_writer_folds_before_and_after_a_replay_by_the_owner(roles: Roles) -> None:
    async with at(roles.writer) as site, at(roles.owner) as owner:
        owner.log, owner.expected = site.log, site.expected
        # So long after the months were made.
        site.store = SqlProjectionStore(site.engine, lambda: now_ms() + 400 * DAY_MS)
        assert await SqlLeases(site.engine, 1_000).tick("me", 4, draining=False)
        for days in (-360, -1, 0, 390):
            await site.append(ONE, event(PAGE, now_ms() + days * DAY_MS))
        await site.fold()
        await site.assert_exact()

        await owner.take_job()
        await replay(owner.rebuild(), Replay(NO_RULES), Narrator())
        # In a month of which the new generation has no views.
        await site.append(ONE, event(PAGE, now_ms() + 200 * DAY_MS))
        await site.fold(epoch=2)
        await site.assert_exact()


async def test_a_month_that_is_missing_is_told_and_made(roles: Roles) -> None:
    async with at(roles.writer) as site:
        await site.append(ONE, event(PAGE, LONG_AGO))
        with pytest.raises(
            StoreUnavailable, match=r"no table .* 2019-03, .* footfall migrate --since 2019-03 as"
        ):
            await site.fold()
        with pytest.raises(StoreUnavailable, match="2019-03"):
            await make_months(roles.writer, (2019, 3))
        code, out, err = await footfall(roles.owner, "migrate", "--since", "2019-03")
        assert code == 0, err
        assert "months: 2019-03 to " in out
        await site.fold()
        await site.assert_exact()


async def test_a_writer_may_not_drop_months_and_an_owner_may(roles: Roles) -> None:
    await make_months(roles.owner, (2019, 3))
    async with at(roles.writer) as site, at(roles.owner) as owner:
        await site.append(ONE, event(PAGE, LONG_AGO))
        await site.fold()
        april = hour_of(parse_instant("2019-04-01T00:00:00Z"))
        mine = await retention_of(site, april)
        with pytest.raises(StoreUnavailable, match=r"must be owner .* docs/postgresql\.md"):
            await mine
        assert len(await (await retention_of(owner, april))) == 1


async def retention_of(site: Site, end: Hour) -> Awaitable[list[ExpiredRows]]:
    """What needs no owner is done, what may need one is returned."""
    epoch = await site.jobs.acquire(RETENTION, "tests")
    assert epoch is not None
    await site.jobs.release(RETENTION, "tests", epoch)
    expiry = SqlExpiry(site.engine)
    await expiry.prepare(now_ms())
    await expiry.advance(epoch, end)
    await expiry.drop_leftovers(epoch, now_ms())

    async def drop() -> list[ExpiredRows]:
        return [rows async for rows in expiry.drop_rows(epoch, end)]

    return drop()


async def test_a_reader_answers_reports(roles: Roles) -> None:
    async with at(roles.writer) as site:
        await site.append(ONE, event(PAGE, now_ms()))
        await site.fold()
    await require_migrated(roles.reader)
    async with open_rows(roles.reader, now_ms) as rows:
        await rows.ping_reports()
        hour = hour_of(now_ms())
        views = await rows.reports.hourly(PAGE, hour, Hour(hour + 1))
        assert sum(views.values()) == 1
        assert (await rows.facts.facts()).checkpoints
    assert await dba.value(roles.reader.rows_url, "SELECT sum(views) FROM page_views") == 1
    assert (await footfall(roles.reader, "status"))[0] == 0


async def test_ingest_reads_the_horizon_with_a_grant_on_that_alone(
    roles: Roles, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(horizon, "_SERVER_SECONDS", 0.05)
    caplog.set_level(logging.INFO, logger="cli.wiring.horizon")
    kept = hour_of(LONG_AGO)
    await dba.execute(roles.url, f"UPDATE retention SET horizon = {kept}")
    await roles.run(["REVOKE ALL ON ALL TABLES IN SCHEMA public FROM footfall_reader"])
    watched = horizon.WatchedHorizon(roles.reader, "ingest")
    async with watched.watched(Litestar(logging_config=None)):
        assert watched() == NOTHING_PAST
        (told,) = caplog.messages
        assert "permission denied for table retention" in told
        assert "docs/postgresql.md" in told
        await roles.run(["GRANT SELECT ON retention TO footfall_reader"])
        async with asyncio.timeout(30):
            while watched() != kept:
                await asyncio.sleep(0.02)
    assert caplog.messages[1:] == ["the horizon is known again"]


async def lines(settings: Settings, days: int = 0) -> list[str]:
    """What `check` says of the role, so many days from now."""
    rows = Rows(settings, lambda: now_ms() + days * DAY_MS)
    try:
        rights = await rows.rights()
        assert rights is not None
        return list(rights_lines(rights))
    finally:
        await rows.close()


async def test_what_is_missing_is_told_before_it_is_too_late(roles: Roles) -> None:
    owner = roles.names["footfall_owner"]
    assert await lines(roles.owner) == []
    (note,) = await lines(roles.writer)
    assert note.startswith("NOTE  months: role footfall_writer")
    for days, there in ((380, "the last is that of "), (460, "this month has none")):
        (error,) = await lines(roles.writer, days)
        assert error.startswith("ERROR months: ")
        assert there in error
        assert f"run footfall migrate as {owner}" in error
    await roles.run(["REVOKE INSERT, DELETE ON checkpoints, jobs FROM footfall_writer"])
    missing, _ = await lines(roles.writer)
    writer = roles.names["footfall_writer"]
    grant = f"GRANT DELETE, INSERT ON public.checkpoints, public.jobs TO {writer}"
    assert missing == f"ERROR rights: role {writer} may not fold: {grant} (docs/postgresql.md)"
    assert (await lines(roles.reader))[0].startswith("ERROR rights: ")


async def test_check_tells_it(roles: Roles) -> None:
    code, out, _ = await footfall(roles.writer, "check")
    assert code == 0, out
    assert "NOTE  months: role footfall_writer" in out
    await roles.run(["REVOKE UPDATE ON generations FROM footfall_writer"])
    code, out, _ = await footfall(roles.writer, "check")
    assert code == 1
    assert "GRANT UPDATE ON public.generations TO" in out
