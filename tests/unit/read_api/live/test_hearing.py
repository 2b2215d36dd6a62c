"""From entries of the log to views, each batch once."""

from domain import wire
from domain.agents.classes import Agent
from domain.agents.classing import UNCLASSED, Classes
from domain.events import Entry, Offset
from domain.page_rules import NO_RULES, PageRules
from read_api.live.counts import Viewed
from read_api.live.hearing import MOST_PRODUCERS, Hearing
from tests.factories import HOUR_MS, TEN, batch, entry, event, listed

SINCE = TEN - HOUR_MS // 2


def hearing(rules: PageRules = NO_RULES, classes: Classes = UNCLASSED) -> Hearing:
    return Hearing(rules, classes, lambda: TEN)


def test_what_is_known_of_a_view_is_heard() -> None:
    found = hearing(classes=listed("bot")).hear(
        entry(0, event("a/1"), event("a/2", count=3), event("a/3"),
              agents=["bot", "human", None], sources=["s", "", None]),
        SINCE,
    )  # fmt: skip
    assert found == [
        Viewed("a/1", TEN, 1, Agent.ROBOT, "s"),
        Viewed("a/2", TEN, 3, Agent.PERSON, ""),
        Viewed("a/3", TEN, 1, Agent.UNKNOWN, None),
    ]


def test_pages_are_named_by_the_rules() -> None:
    heard = hearing(PageRules("strip-query")).hear(entry(0, event("a/1?q=1")), SINCE)
    assert [each.page for each in heard] == ["a/1"]


def test_a_batch_that_stands_there_again_is_heard_once() -> None:
    of = hearing()
    for sequence in range(1, 40):
        assert of.hear(entry(sequence, event(), sequence=sequence), SINCE)
    for sequence in range(1, 40):
        again = entry(100 + sequence, event(), sequence=sequence)
        assert of.hear(again, SINCE) == []
    assert of.offset == 140


def test_a_batch_that_came_late_is_heard() -> None:
    of = hearing()
    of.hear(entry(0, event(), sequence=5), SINCE)
    of.hear(entry(1, event(), sequence=9), SINCE)
    assert of.hear(entry(2, event(), sequence=7), SINCE)


def test_old_views_that_are_brought_along_now_do_not_look_live() -> None:
    imported = entry(0, event("a/old", SINCE - 1), event("a/now"), at_ms=TEN)
    assert [each.page for each in hearing().hear(imported, SINCE)] == ["a/now"]


def test_what_was_recorded_before_is_not_heard_and_its_repetitions_are_known() -> None:
    of = hearing()
    old = entry(0, event(at_ms=SINCE), at_ms=SINCE - 1)
    assert of.hear(old, SINCE) == []
    assert of.hear(Entry(Offset(7), old.body), SINCE) == []


def test_a_moment_ahead_is_that_of_the_recording() -> None:
    ahead = entry(0, event(at_ms=TEN + 60_000), at_ms=TEN)
    assert [each.at_ms for each in hearing().hear(ahead, SINCE)] == [TEN]


def test_what_the_fold_sets_aside_is_not_heard() -> None:
    of = hearing()
    for refused in (
        Entry(Offset(0), b"no batch"),
        Entry(Offset(1), b'[9,"p"]'),
        entry(2, event(at_ms=TEN + 2 * HOUR_MS), at_ms=TEN),
        entry(3, event(at_ms=TEN + 2 * HOUR_MS), at_ms=TEN + 2 * HOUR_MS, producer="future"),
    ):
        assert of.hear(refused, SINCE) == []
    assert of.offset == 4
    assert of.hear(entry(5, event()), SINCE)


def test_producers_are_bounded_and_the_last_heard_stay() -> None:
    of = hearing()
    of.hear(entry(0, event(), producer="steady"), SINCE)
    for number in range(3 * MOST_PRODUCERS):
        of.hear(entry(2 * number + 1, event(), producer=f"p{number}", sequence=1), SINCE)
        of.hear(entry(2 * number + 2, event(), producer="steady", sequence=2 + number), SINCE)
    assert len(of._positions) == MOST_PRODUCERS
    again = entry(10_000, event(), producer="steady", sequence=3 * MOST_PRODUCERS)
    assert of.hear(again, SINCE) == []


def test_a_probe_says_how_far_it_has_come_and_displaces_no_producer() -> None:
    of = hearing()
    of.hear(entry(0, event(), at_ms=TEN - 5), SINCE)
    for number in range(MOST_PRODUCERS + 1):
        probe = Entry(Offset(number + 1), wire.probe(f"probe-{number}", 1, TEN - 4))
        assert of.hear(probe, SINCE) == []
    assert [*of._positions] == ["p1"]
    assert (of.recorded_ms, of.offset) == (TEN - 4, MOST_PRODUCERS + 2)


def test_how_far_it_has_come_is_known() -> None:
    of = hearing()
    of.hear(entry(0, event(), at_ms=TEN - 5), SINCE)
    assert of.recorded_ms == TEN - 5
    assert batch().recorded_ms == TEN
