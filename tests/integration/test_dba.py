"""What a DBA sets for a role: the counts are the same under it, whatever it is."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest

from cli.output.rebuild import Narrator
from cli.wiring.process import now_ms
from domain.events import Generation, Partition
from domain.hours import hour_of
from domain.page_rules import NO_RULES
from migrations.upgrade import upgrade
from projector.rebuild.replay import Replay, replay
from projector.rebuild.verify import verify
from rows.engine import engine_at
from rows.fold.leases import SqlLeases
from rows.jobs import RETENTION
from rows.retention.expiry import SqlExpiry
from tests import dba
from tests.conftest import postgres_database
from tests.contract.rebuild.site import MONTH_MS, ONE, PAGE, Site
from tests.factories import TEN, event

pytestmark = pytest.mark.postgres

LIMITS = {
    # Less than any statement takes that waits for anybody.
    "statement_timeout": "'1ms'",
    "lock_timeout": "'1ms'",
    "idle_in_transaction_session_timeout": "'1ms'",
    "idle_session_timeout": "'1s'",
}
MANNERS = {
    "default_transaction_isolation": "'serializable'",
    "default_transaction_deferrable": "on",
    "synchronous_commit": "off",
    "standard_conforming_strings": "off",
    "backslash_quote": "off",
    "escape_string_warning": "off",
    "DateStyle": "'SQL, DMY'",
    "TimeZone": "'Pacific/Chatham'",
    "IntervalStyle": "'sql_standard'",
    "bytea_output": "'escape'",
    "extra_float_digits": "-15",
    "row_security": "off",
    "search_path": 'nowhere, "$user", public, pg_temp',
    "temp_tablespaces": "''",
    "default_table_access_method": "'heap'",
    "quote_all_identifiers": "on",
    "plan_cache_mode": "force_generic_plan",
    "enable_partition_pruning": "off",
    "array_nulls": "off",
    "transform_null_equals": "on",
    "client_encoding": "'LATIN1'",
    "lc_messages": "'C'",
}
ROLES = {
    "time limits": LIMITS,
    "manners": MANNERS,
    "repeatable read": {"default_transaction_isolation": "'repeatable read'"},
}


@pytest.fixture(params=ROLES.values(), ids=list(ROLES))
async def site(request: pytest.FixtureRequest) -> AsyncIterator[Site]:
    async with postgres_database() as url, dba.new_role(url, **request.param) as role:
        await dba.execute(url, f"GRANT ALL ON SCHEMA public TO {role}")
        async with engine_at(dba.as_role(url, role)) as engine:
            await upgrade(engine)
        found = Site(dba.as_role(url, role))
        await found.take_job()
        yield found
        await found.close()


async def test_rows_are_counted_rebuilt_proved_and_dropped(site: Site) -> None:
    await site.fill()
    # Each meets others at the month that is missing.
    await asyncio.gather(*(site.fold(Partition(number)) for number in range(3)))
    await site.assert_exact()
    assert (await verify(site.rebuild(), Narrator())).differing == 0
    await replay(site.rebuild(), Replay(NO_RULES, keep_ms=60_000), Narrator())
    await asyncio.sleep(1.2)
    await site.append(ONE, event(PAGE, TEN + 7 * MONTH_MS))
    await site.fold(epoch=2)
    await site.assert_exact()
    expiry = SqlExpiry(site.engine)
    epoch = await site.jobs.acquire(RETENTION, "tests")
    assert epoch is not None
    horizon = await expiry.advance(epoch, hour_of(TEN + MONTH_MS))
    assert len([rows async for rows in expiry.drop_rows(epoch, horizon)]) == 2
    await expiry.drop_leftovers(epoch, now_ms())
    for number in await site.states():
        assert (await site.comparison.audit(Generation(number))).difference == 0
    leases = SqlLeases(site.engine, 1_000)
    assert len(await leases.tick("me", 4, draining=False)) == 4
    await leases.leave("me")


async def test_what_is_made_by_many_at_once_is_made_once(site: Site) -> None:
    """Whoever waits for a lock looks again once it has it."""
    async with AsyncExitStack() as stack:
        sites = [site]
        for _ in range(3):
            other = Site(site.url)
            other.log, other.expected = site.log, site.expected
            stack.push_async_callback(other.close)
            sites.append(other)
        await site.fill()
        folding = [each.fold(Partition(number)) for number, each in enumerate(sites[:3])]
        await asyncio.gather(*folding)
        await site.assert_exact()
        info = await site.build()
        finishing = [each.generations._layout.finish(info.generation) for each in sites]
        await asyncio.gather(*finishing)
        assert await site.differing(info.generation) == 0
