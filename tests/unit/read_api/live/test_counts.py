"""The views of the last half hour, by minute: exact, and bounded in memory."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.agents.classes import Agent
from domain.stats.selection import EVERYTHING, Kind, Selection, site_of
from read_api.live.counts import LATEST, MINUTE_MS, MINUTES, Counts, Seen, Viewed, first_minute
from tests.factories import TEN

NOW = TEN + 17_000
SECOND_MS = 1_000


def page(value: str, **more: object) -> Selection:
    return Selection(Kind.PAGE, value, **more)  # type: ignore[arg-type]


def site(value: str, **more: object) -> Selection:
    return Selection(Kind.SITE, value, **more)  # type: ignore[arg-type]


def counted(*viewed: Viewed, now_ms: int = NOW) -> Counts:
    counts = Counts(now_ms)
    counts.add(viewed)
    return counts


def test_nothing_is_thirty_zeros() -> None:
    found = Counts(NOW).by_minute(EVERYTHING, NOW)
    assert (found.minutes, found.views) == ([0] * MINUTES, 0)
    assert found.since * MINUTE_MS == TEN - 29 * MINUTE_MS


def test_the_last_minute_is_the_one_under_way() -> None:
    counts = counted(
        Viewed("a/1", NOW, 3), Viewed("a/1", TEN - 1, 2), Viewed("b/1", TEN - 29 * MINUTE_MS, 1)
    )
    assert counts.by_minute(EVERYTHING, NOW).minutes == [1, *[0] * 27, 2, 3]
    assert counts.by_minute(EVERYTHING, NOW + MINUTE_MS).minutes == [*[0] * 27, 2, 3, 0]


def test_what_is_older_than_half_an_hour_is_not_kept() -> None:
    counts = counted(Viewed("a/1", TEN - 30 * MINUTE_MS, 1), Viewed("a/1", TEN, 2))
    assert counts.by_minute(EVERYTHING, NOW).views == 2
    counts.move_on(NOW + MINUTES * MINUTE_MS)
    assert counts.bytes == 0
    assert counts.by_minute(EVERYTHING, NOW).minutes == [None] * MINUTES


@pytest.mark.parametrize(
    ("asked", "views"),
    [
        (EVERYTHING, 31),
        (site("a"), 7),
        (site("a", agent=Agent.ROBOT), 4),
        (site("a", sites=frozenset({"b"})), 0),
        (EVERYTHING._replace(sites=frozenset({"a", "b"})), 15),
        (EVERYTHING._replace(source="s"), 10),
        (EVERYTHING._replace(source=""), 1),
        (site("a", source="s"), 2),
        (site("a", source="s", agent=Agent.ROBOT), 0),
        (page("a/1"), 3),
        (page("a/1", sites=frozenset({"b"})), 0),
        (Selection(Kind.PREFIX, "a"), 23),
        (Selection(Kind.PREFIX, "a", sites=frozenset({"a"})), 7),
        (Selection(Kind.PREFIX, "a/", Agent.PERSON), 2),
    ],
)
def test_any_selection_is_heard(asked: Selection, views: int) -> None:
    counts = counted(
        Viewed("a/1", NOW, 1, Agent.UNKNOWN, ""),
        Viewed("a/1", NOW, 2, Agent.PERSON, "s"),
        Viewed("a/2", NOW, 4, Agent.ROBOT),
        Viewed("b/1", NOW, 8, Agent.PERSON, "s"),
        Viewed("aa/1", NOW, 16),
    )
    assert counts.by_minute(asked, NOW).views == views
    if asked.source is None:
        assert sum(seen.views for seen in counts.latest(asked, NOW)) == views


def test_the_latest_are_by_second_and_page_newest_first() -> None:
    counts = counted(
        Viewed("a/1", NOW - 5_000, 1),
        Viewed("a/1", NOW, 1, Agent.PERSON),
        Viewed("a/1", NOW - NOW % SECOND_MS, 1, Agent.ROBOT),
        Viewed("a/2", NOW - 2_000, 1),
    )
    second = NOW // SECOND_MS
    assert counts.latest(EVERYTHING, NOW) == [
        Seen(second, "a/1", 2), Seen(second - 2, "a/2", 1), Seen(second - 5, "a/1", 1)
    ]  # fmt: skip
    counts.add(Viewed(f"a/{n}", NOW, 1) for n in range(100))
    assert len(counts.latest(EVERYTHING, NOW)) == LATEST


def test_sources_are_joined_with_no_page() -> None:
    counts = counted(Viewed("a/1", NOW, 1, source="s"))
    assert counts.latest(EVERYTHING._replace(source="s"), NOW) == []


VIEWED = st.builds(
    Viewed,
    st.sampled_from(["a/1", "a/2", "ab/1", "b", "b/", "/c", "例え/a"]),
    st.integers(NOW - 35 * MINUTE_MS, NOW),
    st.integers(1, 5),
    st.sampled_from(Agent),
    st.sampled_from([None, "", "s", "t"]),
)
SELECTIONS = st.builds(
    Selection,
    st.sampled_from(Kind),
    st.sampled_from(["a/1", "a", "", "b", "/", "例え"]),
    st.none() | st.sampled_from(Agent),
    st.none() | st.frozensets(st.sampled_from(["a", "ab", "b", "", "例え"])),
).map(lambda asked: asked if asked.kind is not Kind.ALL else asked._replace(value=""))


@given(st.lists(VIEWED), SELECTIONS, st.none() | st.sampled_from(["", "s"]))
def test_it_is_what_counting_one_by_one_gives(
    viewed: list[Viewed], asked: Selection, source: str | None
) -> None:
    if asked.kind in (Kind.ALL, Kind.SITE):
        asked = asked._replace(source=source)
    wanted = [0] * MINUTES
    for each in viewed:
        place = each.at_ms // MINUTE_MS - first_minute(NOW)
        agreed = asked.agent in (None, each.agent) and asked.source in (None, each.source)
        if place >= 0 and agreed and asked.holds(each.page):
            wanted[place] += each.views
    assert counted(*viewed).by_minute(asked, NOW).minutes == wanted


@given(st.lists(st.tuples(VIEWED, st.integers(0, 2_000)), max_size=200))
def test_memory_is_bounded_and_what_is_told_is_whole(viewed: list[tuple[Viewed, int]]) -> None:
    counts = Counts(NOW, most_bytes=20_000, most_beside=5_000)
    long = [each._replace(page=f"{each.page}{'x' * length}") for each, length in viewed]
    for each in long:
        counts.add([each])
        assert counts.bytes <= 20_000 + 3 * 5_000
    for asked in (EVERYTHING, Selection(Kind.PREFIX, "a"), EVERYTHING._replace(source="s")):
        found = counts.by_minute(asked, NOW)
        for minute, views in enumerate(found.minutes, first_minute(NOW)):
            if minute < found.since:
                assert views is None
                continue
            assert views == sum(
                each.views
                for each in long
                if each.at_ms // MINUTE_MS == minute
                and asked.holds(each.page)
                and asked.source in (None, each.source)
            )


def test_of_too_many_pages_whole_sites_are_known_longest() -> None:
    counts = Counts(NOW, most_bytes=50_000)
    for minute in range(MINUTES):
        at_ms = TEN - minute * MINUTE_MS
        counts.add(Viewed(f"a/{minute}/{n}", at_ms, 1) for n in range(20))
    found = counts.by_minute(site("a"), NOW)
    assert (found.views, found.since) == (20 * MINUTES, first_minute(NOW))
    by_page = counts.by_minute(Selection(Kind.PREFIX, "a/"), NOW)
    assert by_page.since > first_minute(NOW)
    assert by_page.minutes[-1] == 20
    assert by_page.minutes[0] is None


def test_a_site_is_what_stands_before_the_first_slash() -> None:
    counts = counted(Viewed("/c", NOW, 1), Viewed("b", NOW, 2))
    assert [counts.by_minute(site(name), NOW).views for name in ("", "b", "c")] == [1, 2, 0]
    assert site_of("/c") == ""
