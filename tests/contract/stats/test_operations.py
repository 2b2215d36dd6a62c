"""What the rows know of how the service is run, on both databases."""

from typing import Any

from sqlalchemy import delete

from domain.calendar import month_at
from domain.clocks import Known
from domain.operations import NO_DAYS, Days, Operations, phase_of, views_of
from domain.stats.state import UNHELD
from domain.version import VERSION
from rows.reports.operations import SqlOperationsReader
from rows.tables import checkpoints as checkpoints_table
from rows.tables import (
    clock,
    generations,
    jobs,
    projector_versions,
    projectors,
    rolled_months,
    rollup_generations,
)
from tests.contract.stats.site import ONE, TWO, Site
from tests.contract.stats.test_state import LEASE_MS, emptied, fill, lease, now_ms, row

__all__ = ["emptied"]

BUILDING = {
    "generation": TWO, "state": "catching-up", "purpose": "replay", "created_ms": 7,
    "page_rules": "", "carried_views": 0, "expired_views": 0, "kept_until_ms": 0,
}  # fmt: skip
_OTHERS = (projectors, projector_versions, jobs, rolled_months, rollup_generations, clock)


def operations(site: Site) -> Operations:
    return site.run(SqlOperationsReader(site.reading, LEASE_MS).operations())


def filled(site: Site, *rows: Any) -> Operations:
    """What is known of these rows, which are gone afterwards."""

    async def empty() -> None:
        async with site.engine.begin() as connection:
            for table in _OTHERS:
                await connection.execute(delete(table))

    site.run(empty())
    site.run(fill(site, list(rows)))
    try:
        return operations(site)
    finally:
        site.run(empty())


def test_who_folds_and_who_has_which_job_is_told(emptied: Site) -> None:
    now = now_ms(emptied)
    alive, dead = now + LEASE_MS - 500, now - 1
    found = filled(
        emptied,
        lease(0, "one", alive),
        lease(1, "dead", dead),
        (projectors, {"owner": "one", "expires_ms": alive}),
        (projectors, {"owner": "old", "expires_ms": alive}),
        (projectors, {"owner": "dead", "expires_ms": dead}),
        (projector_versions, {"owner": "one", "version": VERSION}),
        (jobs, {"name": "replay", "owner": "two", "epoch": 3, "expires_ms": alive}),
        (jobs, {"name": "rollup", "owner": "dead", "epoch": 3, "expires_ms": dead}),
        (jobs, {"name": "retention", "owner": None, "epoch": 3, "expires_ms": 0}),
        (clock, {"id": 1, "believed_ms": now, "ahead_ms": 5, "watched_ms": 4}),
    )
    assert found.ownership.owners == {0: "one", 1: None}
    assert found.ownership.versions == {"one": VERSION, "old": None}
    assert found.heard_ms == {"one": now - 500, "old": now - 500}
    assert found.jobs == {"replay": "two", "rollup": None, "retention": None}
    assert found.known == Known(now, 5, 4)
    assert [one.trouble for one in found.state.partitions] == [None, UNHELD]
    assert found.live == ONE


def test_generations_come_with_their_checkpoints_and_views(emptied: Site) -> None:
    found = filled(
        emptied,
        (generations, {**BUILDING, "carried_views": 9, "expired_views": 2}),
        (checkpoints_table, row(0, 60, 0) | {"views": 120}),
        (checkpoints_table, row(1, 40, 0) | {"views": 40}),
        (checkpoints_table, row(0, 30, 0, TWO) | {"views": 60}),
    )
    assert [info.generation for info in found.generations] == [ONE, TWO]
    views = [views_of(info, found.checkpoints[info.generation]) for info in found.generations]
    assert views == [160, 67]
    assert found.state.building
    assert (found.state.building.done, found.state.building.total) == (30, 100)
    assert phase_of(found.state.building, found.days) == "catching-up"


def test_a_rebuild_that_is_added_up_tells_its_days(emptied: Site) -> None:
    months = [
        {"month": month_at(2024, month), "rolled": rolled, "due": due, "building": built}
        for month, rolled, due, built in [(1, 0b1111, 0, 0), (2, 0, 0b11, 0b100)]
    ]
    rows = [
        (rolled_months, {"generation": generation, "whole": False, **month})
        for generation in (ONE, TWO)
        for month in months
    ]
    listed = (rollup_generations, {"generation": TWO, "listed": True})
    replay, rollback = (
        (generations, {**BUILDING, "purpose": purpose}) for purpose in ("replay", "rollback")
    )
    assert filled(emptied, replay, *rows, listed).days == Days(4, 7)
    forget(emptied)
    # Not all days are written down yet.
    assert filled(emptied, replay, *rows).days == NO_DAYS
    forget(emptied)
    # It had its sums before, and is not added up as a whole.
    assert filled(emptied, rollback, *rows, listed).days == NO_DAYS
    forget(emptied)
    assert filled(emptied, *rows, listed).days == NO_DAYS


def forget(site: Site) -> None:
    async def undo() -> None:
        async with site.engine.begin() as connection:
            await connection.execute(delete(generations).where(generations.c.generation == TWO))

    site.run(undo())
