"""A generation that goes between a snapshot and a statement in it; alone, for it stays gone."""

from domain.stats.answers import Series
from domain.stats.selection import EVERYTHING
from rows.layout import layout_of
from rows.stats.series import read_series
from rows.stats.snapshot import Snapshot, Snapshots
from rows.turns import Turns
from tests.contract.stats.site import DAY, ONE, Site, promote


def test_an_answer_of_tables_that_were_dropped_is_asked_again(site: Site) -> None:
    site.holds({("a", 5, 0): 7})
    asked: list[int] = []

    async def ask(found: Snapshot) -> Series:
        asked.append(found.standing.generation)
        if len(asked) == 1:
            await promote(site, {("a", 5, 0): 8}, "")
            # PostgreSQL has no such table any more, whatever the snapshot says.
            await layout_of(site.engine).remove(ONE)
        return await read_series(found, EVERYTHING, [DAY])

    found = site.run(Snapshots(site.reading, Turns(1)).answer(ask))
    assert (asked, found.views) == ([1, 2], [[8]])
