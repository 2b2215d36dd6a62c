"""The audit: rows are what their checkpoints say was folded."""

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.events import Generation
from projector.housekeeping.audits import audit_all
from rows.rebuild.comparison import SqlComparison
from rows.tables import audits
from tests.contract.rebuild.site import FIRST, ONE, PAGE, Site, plant
from tests.factories import TEN, event


async def test_rows_agree_with_the_totals_of_their_checkpoints(site: Site) -> None:
    await site.fill()
    await site.fold()
    await site.build()
    found = await audit_all(site.generations, site.comparison, site.audits)
    total = site.expected.total()
    assert [(a.generation, a.rows_views, a.difference) for a in found] == [
        (1, total, 0),
        (2, total, 0),
    ]
    await plant(site, FIRST, 2, f"{PAGE}/1")
    await site.execute("DELETE FROM hourly_views WHERE generation = 2 AND page LIKE '%/2'")
    found = await audit_all(site.generations, site.comparison, site.audits)
    lost = sum(views for (page, _), views in site.expected.items() if page.endswith("/2"))
    assert [a.difference for a in found] == [6, -lost]
    async with site.engine.connect() as connection:
        saved = await connection.execute(select(audits.c.kind, audits.c.difference))
        assert sorted(map(tuple, saved)) == sorted([("totals", 6), ("totals", -lost)])


async def test_an_audit_is_exact_while_the_fold_goes_on(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    await site.fill()
    await site.fold()
    rows_views = SqlComparison._rows_views

    async def after_a_flush(
        comparison: SqlComparison, connection: AsyncConnection, generation: Generation
    ) -> int:
        await site.append(ONE, event(PAGE, TEN))
        await site.fold()
        return await rows_views(comparison, connection, generation)

    monkeypatch.setattr(SqlComparison, "_rows_views", after_a_flush)
    for _ in range(2):
        assert (await site.comparison.audit(FIRST)).difference == 0
