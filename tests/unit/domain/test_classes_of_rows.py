"""Which class of viewers a row of the fold is of."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.agents.classes import Agent, agent_of, slot_of
from domain.agents.classing import UNCLASSED, Classes
from domain.agents.viewers import KEPT, Viewers
from domain.counting import RowKey
from domain.events import Entry, Offset, TabledBatch
from domain.projection import project
from domain.wire import WITH_TABLES, encode
from tests.factories import TEN, entry, event, listed

HOUR = TEN // 3_600_000
VIEWERS = st.none() | st.sampled_from(["Firefox", "Googlebot", "bingbot", "?"])


def by_class(rows: dict[RowKey, int]) -> dict[tuple[str, Agent], int]:
    found: Counter[tuple[str, Agent]] = Counter()
    for (page, _, slot), views in rows.items():
        found[page, agent_of(slot)] += views
    return dict(found)


def test_each_event_is_in_the_slot_of_its_viewer() -> None:
    viewed = [event("a"), event("a", count=2), event("b"), event("a", count=4)]
    log = [entry(0, *viewed, shard=3, agents=["Firefox", "Googlebot", None, "Firefox"])]
    assert project(log, classes=listed("Googlebot")).rows == {
        ("a", HOUR, slot_of(3, Agent.PERSON)): 5,
        ("a", HOUR, slot_of(3, Agent.ROBOT)): 2,
        ("b", HOUR, 3): 1,
    }


def test_without_a_list_or_without_viewers_all_are_unknown() -> None:
    log = [entry(0, event("a"), shard=3, agents=["Firefox"])]
    assert project(log).rows == {("a", HOUR, 3): 1}
    assert project([entry(0, shard=3)], classes=listed()).rows == {("example.com/page", HOUR, 3): 1}


@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 9), VIEWERS), min_size=1))
def test_another_list_moves_views_between_classes_and_never_changes_a_total(
    viewed: list[tuple[str, int, str | None]],
) -> None:
    log = [
        entry(n, event(page), shard=shard, agents=[text])
        for n, (page, shard, text) in enumerate(viewed)
    ]
    old, new = (project(log, classes=found) for found in (listed(), listed("bingbot")))
    assert (old.views, old.events) == (new.views, new.events) == (len(viewed), len(viewed))
    for page in "ab":
        seen = Counter(text for found, _, text in viewed if found == page)
        for delta, robots in ((old, 0), (new, seen["bingbot"])):
            unknown = seen[None] + seen["?"]
            found = by_class(delta.rows)
            assert found.get((page, Agent.ROBOT), 0) == robots
            assert found.get((page, Agent.UNKNOWN), 0) == unknown
            assert found.get((page, Agent.PERSON), 0) == seen.total() - robots - unknown


def test_a_list_is_asked_once_about_each_text_and_told_what_is_kept_of_it() -> None:
    asked = []

    def class_of(text: str, kept: str) -> Agent:
        asked.append((text, kept))
        return Agent.PERSON

    classes = Classes(class_of, "1")
    project(
        [entry(0, agents=["a"]), entry(1, agents=["a"]), entry(2, agents=["b"])], None, 0, classes
    )
    for kept in sorted(KEPT):
        classes.slots(Viewers(kept, "", ["b"], [0]), 1)
    assert asked == [("a", "label"), ("b", "label"), ("b", "class"), ("b", "full")]


def test_of_whom_something_unheard_of_is_kept_nothing_is_known() -> None:
    viewers = Viewers("a_new_one", "1", ["Googlebot"], [0])
    body = encode(TabledBatch(WITH_TABLES, "p", 1, TEN, 3, [event("a")], viewers))
    assert project([Entry(Offset(0), body)], classes=listed("Googlebot")).rows == {
        ("a", HOUR, 3): 1
    }


def test_strangers_who_invent_agents_for_ever_take_bounded_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("domain.agents.classing._MOST_REMEMBERED", 10)
    classes = listed("7")
    for number in range(95):
        slots = classes.slots(Viewers("label", "", [str(number)], [0]), 0)
        assert slots == [slot_of(0, Agent.ROBOT if number == 7 else Agent.PERSON)]
    assert len(classes._known["label"]) <= 10


def test_no_list_has_no_version() -> None:
    assert (UNCLASSED.version, UNCLASSED.slots(Viewers("full", "", ["x"], [0]), 1)) == ("", None)
