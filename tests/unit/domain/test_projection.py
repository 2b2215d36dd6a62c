"""The fold gives the same rows however the log is cut."""

from collections import Counter
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.counting import RowKey
from domain.events import MAX_VIEWS, Entry, Hour, Offset
from domain.generations import Carry
from domain.moments import Decided, Judge
from domain.page_rules import NO_RULES, PageRules
from domain.positions import MOST_GIVEN_UP, POSITION_WINDOW, Position
from domain.projection import Delta, Fold, project
from domain.settings import SETTINGS
from domain.wire import encode
from tests.factories import HOUR_MS, TEN, batch, entry, event, listed

LIST = listed("Googlebot")
PAGES = st.sampled_from(["a", "b", "c/d", "c/d/", "c/d?q"])
EVENTS = st.builds(event, PAGES, st.integers(0, 5 * HOUR_MS), st.integers(1, 9))
VIEWERS = st.sampled_from([None, "Firefox", "Googlebot", "?"])
HEADERS = st.tuples(
    st.sampled_from(["p1", "p2"]),
    st.integers(0, 3),
    st.lists(EVENTS, min_size=1, max_size=5),
    st.just(()) | st.lists(VIEWERS, min_size=5, max_size=5),
)


@st.composite
def logs(draw: st.DrawFn) -> list[Entry]:
    """A log with holes in its offsets, redelivered batches and some that are no batch."""
    sequences: Counter[str] = Counter()
    entries, offset = [], 0
    for producer, shard, events, viewers in draw(st.lists(HEADERS, max_size=12)):
        offset += draw(st.integers(1, 3))
        if draw(st.booleans()) or not sequences[producer]:
            sequences[producer] += 1
        sequence, agents = sequences[producer], viewers[: len(events)]
        made = batch(*events, producer=producer, sequence=sequence, shard=shard, agents=agents)
        body = encode(made)
        entries.append(Entry(Offset(offset), draw(st.sampled_from([body, body, body, b"junk"]))))
    return entries


def sums(*deltas: Delta) -> Counter[object]:
    total: Counter[object] = Counter()
    for delta in deltas:
        total.update(delta.rows)
        total.update({"events": delta.events, "views": delta.views})
        total.update(dict.fromkeys(map(repr, delta.dead_letters), 1))
    return total


@given(logs(), st.data())
def test_it_does_not_matter_where_the_log_is_cut(log: list[Entry], data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(log)))
    first = project(log[:cut], classes=LIST)
    second = project(log[cut:], first.positions, classes=LIST)
    assert sums(first, second) == sums(project(log, classes=LIST))


@given(logs())
def test_rows_are_the_sum_of_each_sequence_once(log: list[Entry]) -> None:
    delta = project(log)
    assert sum(delta.rows.values()) == delta.views
    assert delta.next_offset == (log[-1].offset + 1 if log else 0)


def test_the_order_of_events_does_not_matter() -> None:
    one, two = event("a", TEN, 2), event("a", TEN + 1, 3)
    assert project([entry(0, one, two)]).rows == project([entry(0, two, one)]).rows


def test_views_add_up_by_page_hour_and_shard() -> None:
    delta = project(
        [
            entry(0, event("a", TEN, 2), event("a", TEN + HOUR_MS - 1, 3), event("b", TEN)),
            entry(1, event("a", TEN + HOUR_MS), shard=4),
        ]
    )
    hour = TEN // HOUR_MS
    assert delta.rows == {("a", hour, 0): 5, ("b", hour, 0): 1, ("a", hour + 1, 4): 1}
    assert (delta.events, delta.views, delta.next_offset) == (4, 7, 2)


def test_a_batch_that_was_appended_twice_counts_once() -> None:
    delta = project([entry(0, sequence=1), entry(1, sequence=1), entry(2, sequence=2)])
    assert (delta.views, delta.next_offset) == (2, 3)


def test_a_sequence_known_from_before_counts_nothing() -> None:
    delta = project([entry(7, sequence=4)], {"p1": Position(4, Offset(6))})
    assert (delta.views, delta.next_offset) == (0, 8)


def test_a_missing_sequence_is_no_obstacle() -> None:
    assert project([entry(0, sequence=1), entry(1, sequence=3)]).views == 2


def test_bytes_that_are_no_batch_are_set_aside_and_passed() -> None:
    delta = project([Entry(Offset(3), b"junk"), entry(4)])
    assert [(letter.offset, letter.body) for letter in delta.dead_letters] == [(3, b"junk")]
    assert (delta.views, delta.next_offset) == (1, 5)


def test_hours_before_1970_round_down() -> None:
    assert project([entry(0, event("a", -1))]).rows == {("a", -1, 0): 1}


@given(logs(), st.data())
def test_rules_rename_and_nothing_else(log: list[Entry], data: st.DataObject) -> None:
    rules = PageRules("strip-trailing-slash,strip-query")
    renamed: Counter[RowKey] = Counter()
    for (page, hour, shard), views in project(log, classes=LIST).rows.items():
        renamed[rules.apply(page), hour, shard] += views
    cut = data.draw(st.integers(0, len(log)))
    first = folded(log[:cut], {}, rules)
    second = folded(log[cut:], first.positions, rules)
    assert Counter(first.rows) + Counter(second.rows) == renamed
    assert first.views + second.views == renamed.total()


@given(logs(), st.integers(-1, 6), st.integers(0, 40))
def test_what_was_carried_over_is_passed_and_the_rest_is_counted(
    log: list[Entry], before: int, offset: int
) -> None:
    carry = Carry(Hour(before), Offset(offset))
    delta = folded(log, {}, carry=carry)
    copied = project([entry for entry in log if entry.offset < offset], classes=LIST).rows
    carried = Counter({key: views for key, views in copied.items() if key[1] < before})
    assert Counter(delta.rows) + carried == Counter(project(log, classes=LIST).rows)
    assert delta.views == sum(delta.rows.values())
    # A batch of which all was copied is known all the same.
    assert delta.positions == project(log).positions


@st.composite
def doubtful_logs(draw: st.DrawFn) -> list[Entry]:
    """One with batches recorded before their views, or beyond the clock, and with far jumps."""
    entries, sequence = [], 0
    for offset, (producer, shard, events, viewers) in enumerate(
        draw(st.lists(HEADERS, max_size=12))
    ):
        sequence += draw(st.sampled_from([0, 1, 1, 1, 1, 2, MOST_GIVEN_UP + 1]))
        at_ms = draw(st.integers(2 * HOUR_MS, 6 * HOUR_MS))
        header = {"producer": producer, "sequence": max(1, sequence), "shard": shard}
        header["agents"] = viewers[: len(events)]
        entries.append(entry(offset, *events, at_ms=at_ms, **header))
    return entries


@given(
    doubtful_logs(),
    st.sampled_from([NO_RULES, PageRules("strip-query")]),
    st.sampled_from([None, Carry(Hour(3), Offset(4))]),
    st.integers(0, 60),
    st.integers(0, 6),
)
def test_what_is_usual_is_decided_as_by_looking_at_all(
    log: list[Entry], rules: PageRules, carry: Carry | None, room: int, until: int
) -> None:
    """A batch of a producer that this delta has not met yet is looked at from all sides."""

    def start(positions: Mapping[str, Position], views: int) -> Fold:
        judge = Judge(lambda: 4 * HOUR_MS, Decided(Offset(until), {Offset(1): "then"}))
        return Fold(positions, rules, carry, MAX_VIEWS - room + views, judge, LIST)

    whole = start({}, 0)
    known: dict[str, Position] = {}
    parts: list[Delta] = []
    for found in log:
        whole.add(found)
        fold = start(known, sum(part.views for part in parts))
        fold.add(found)
        known.update(fold.delta.positions)
        parts.append(fold.delta)
    told = whole.delta
    assert sums(*parts) == sums(told)
    for name in ("duplicates", "forks", "jumps", "entries"):
        assert sum(getattr(part, name) for part in parts) == getattr(told, name)
    for position in (*known.values(), *told.positions.values()):
        position.settle()
    assert known == told.positions
    assert 0 not in told.rows.values()


def test_pages_that_rules_bring_together_share_a_row() -> None:
    rules = PageRules("lower-host")
    delta = folded([entry(0, event("A.com/x", TEN), event("a.com/x", TEN, 2))], {}, rules)
    assert delta.rows == {("a.com/x", TEN // HOUR_MS, 0): 3}
    assert (delta.events, delta.views) == (2, 3)


@pytest.mark.parametrize(("distance", "counts"), [(POSITION_WINDOW, 0), (POSITION_WINDOW + 1, 1)])
def test_a_producer_is_forgotten_by_the_distance_in_the_log(distance: int, counts: int) -> None:
    known = {"p1": Position(4, Offset(10))}
    assert project([entry(10 + distance, sequence=4)], known).views == counts


@pytest.mark.parametrize("room", [0, 1, 4, 5, 9])
def test_a_batch_that_the_total_has_no_room_for_is_set_aside(room: int) -> None:
    log = [entry(0, event(count=5)), entry(1, event(count=1)), entry(2, event(count=2))]
    delta = project(log, views=MAX_VIEWS - room)
    counted, left = [], room
    for number, count in enumerate((5, 1, 2)):
        if count <= left:
            left -= count
            counted.append(number)
    assert [letter.offset for letter in delta.dead_letters] == sorted({0, 1, 2} - {*counted})
    assert all("9,007,199,254,740,991" in letter.reason for letter in delta.dead_letters)
    assert delta.views == sum(delta.rows.values()) == room - left
    # When it was recorded is known all the same: it is how a log is told from another.
    assert (delta.recorded_ms, delta.next_offset, delta.entries) == (TEN, 3, 3)


@given(logs(), st.integers(0, 60), st.data())
def test_what_the_total_has_no_room_for_is_the_same_however_the_log_is_cut(
    log: list[Entry], room: int, data: st.DataObject
) -> None:
    before = MAX_VIEWS - room
    cut = data.draw(st.integers(0, len(log)))
    first = project(log[:cut], views=before)
    second = project(log[cut:], first.positions, before + first.views)
    assert sums(first, second) == sums(project(log, views=before))
    assert first.views + second.views <= room


def test_no_row_of_a_thousand_full_partitions_is_beyond_64_bits() -> None:
    assert 1_024 * MAX_VIEWS < 2**63
    assert next(s.high for s in SETTINGS if s.name == "NUM_PARTITIONS") == 1_024


def test_what_cannot_be_stored_is_passed_as_a_dead_letter() -> None:
    fold = Fold({})
    fold.refuse(entry(4, at_ms=9), "it does not fit")
    delta = fold.delta
    assert [(d.offset, d.reason) for d in delta.dead_letters] == [(4, "it does not fit")]
    assert (delta.rows, delta.views, delta.next_offset, delta.recorded_ms) == ({}, 0, 5, 9)
    # Once the database can hold it, it is counted once, however often it arrived.
    found = delta.positions["p1"]
    assert (found.sequence, found.offset) == (5, 4)


def folded(
    log: list[Entry],
    positions: Mapping[str, Position],
    rules: PageRules = NO_RULES,
    carry: Carry | None = None,
) -> Delta:
    fold = Fold(positions, rules, carry, classes=LIST)
    for found in log:
        fold.add(found)
    return fold.delta
