"""Who is new among the pages that strangers name, and for how long a page is known."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.counting import RowKey
from domain.dimensions import OTHER_PAGE
from domain.events import MAX_PAGE_BYTES, Hour
from domain.guarding import KNOWN_HOURS, GuardedRun, Pages, other_page

SIGHTS = st.lists(
    st.tuples(st.sampled_from(["a/x", "a/y", "a/z", "b/x"]), st.integers(0, 60), st.integers(1, 2)),
    max_size=40,
)


def run(page: str, hour: int, new_pages: int = 1, views: int = 1) -> GuardedRun:
    return GuardedRun(Hour(hour), new_pages, {(page, Hour(0), 0): views})


def fold(pages: Pages, *runs: GuardedRun) -> dict[RowKey, int]:
    """On top of what is known there and nowhere else."""
    pages.learn(pages.unknown(runs), {})
    pages.learn_new(pages.uncounted(runs), {})
    return pages.named(runs)[0]


def names(found: dict[RowKey, int]) -> dict[str, int]:
    return {page: views for (page, _, _), views in found.items()}


@pytest.mark.parametrize(("after", "name"), [(KNOWN_HOURS, "a/x"), (KNOWN_HOURS + 1, "a/(other)")])
def test_a_page_is_known_for_a_day_after_it_was_counted(after: int, name: str) -> None:
    pages = Pages()
    fold(pages, run("a/x", 5), run("a/x", 7), run("a/y", 7 + after))
    assert names(fold(pages, run("a/x", 7 + after))) == {name: 1}


def test_each_time_that_a_page_was_new_is_remembered() -> None:
    pages = Pages()
    fold(pages, run("a/x", 5), run("a/x", 20), run("a/x", 80), run("a/x", 79))
    assert pages.changed == {("a/x", 5): 20, ("a/x", 80): 80}


def test_clocks_that_differ_make_no_page_new() -> None:
    pages = Pages()
    assert names(fold(pages, run("a/x", 9), run("a/x", 8), run("a/x", 9), run("a/y", 8))) == {
        "a/x": 3,
        "a/y": 1,
    }


def test_a_site_takes_no_room_of_another() -> None:
    found = names(fold(Pages(), run("a/x", 1), run("b/x", 1), run("b", 1), run("/x", 1)))
    assert found == {"a/x": 1, "b/x": 1, "b/(other)": 1, "/x": 1}


def test_what_was_carried_over_was_there_and_adds_nothing() -> None:
    pages = Pages()
    assert fold(pages, run("a/x", 1, views=0)) == {}
    assert names(fold(pages, run("a/y", 1), run("a/x", 2))) == {"a/(other)": 1, "a/x": 1}


@pytest.mark.parametrize(
    "page", ["x" * MAX_PAGE_BYTES, "é" * (MAX_PAGE_BYTES // 2), "a/b", "", "/"]
)
def test_the_page_of_the_others_is_no_longer_than_a_page_may_be(page: str) -> None:
    name = other_page(page)
    assert name.endswith("/" + OTHER_PAGE)
    assert len(name.encode()) <= MAX_PAGE_BYTES


@given(SIGHTS, st.integers(0, 40))
def test_it_does_not_matter_where_a_run_is_cut(
    sights: Sequence[tuple[str, int, int]], at: int
) -> None:
    runs = [run(*sight) for sight in sights]
    whole, parts = Pages(), Pages()
    found = fold(whole, *runs)
    pieces = [fold(parts, *runs[:at]), fold(parts, *runs[at:])]
    assert {k: sum(p.get(k, 0) for p in pieces) for k in {*pieces[0], *pieces[1]}} == found
    assert parts.changed == whole.changed
