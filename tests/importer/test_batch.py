"""What is gathered for one request, and how it is divided."""

import json
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from domain.events import MAX_COUNT
from importer.batch import MAX_BODY_BYTES, MAX_ENTRIES, Batch, timestamp
from importer.views import View

PAGES = st.one_of(
    st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=20),
    # Two bytes for each quote when it is sent, three for each sign.
    st.sampled_from(['"', "\\", "漢", "a"]).flatmap(
        lambda c: st.integers(1, 2_048 // len(c.encode())).map(lambda n: c * n)
    ),
)
AGENTS = st.just("") | st.sampled_from(["curl", "Firefox/128 (Windows)", "漢" * 170, '"' * 500])
HOURS = st.integers(-17_259_888, 70_000_000) | st.sampled_from([0, 1])
VIEWS = st.builds(View, PAGES, HOURS, st.integers(1, MAX_COUNT), AGENTS)


def gathered(views: list[View]) -> list[Batch]:
    batches = [Batch()]
    for view in views:
        if not batches[-1].add(view):
            batches.append(Batch())
            assert batches[-1].add(view)
    return batches


def sums(*batches: Batch) -> Counter[tuple[str, int, str]]:
    found: Counter[tuple[str, int, str]] = Counter()
    for batch in batches:
        for page, (hour, agent), count in batch._each():
            found[page, hour, agent] += count
    return found


@given(st.lists(VIEWS, min_size=1, max_size=100))
def test_nothing_is_lost_and_no_body_is_larger_than_it_should_be(views: list[View]) -> None:
    batches = gathered(views)
    expected: Counter[tuple[str, int, str]] = Counter()
    for view in views:
        expected[view.page, view.hour, view.agent] += view.count
    assert sums(*batches) == expected
    assert sum(batch.lines for batch in batches) == len(views)
    assert all(len(batch.body()) <= batch._bytes for batch in batches)


def test_a_body_of_long_pages_is_bounded_in_bytes_as_they_are_sent() -> None:
    for sign in ("a", '"', "\\", "漢"):
        pages = [f"{i:04}" + sign * (2_044 // len(sign.encode())) for i in range(MAX_ENTRIES)]
        batches = gathered([View(page, 486_850, MAX_COUNT) for page in pages])
        bodies = [batch.body() for batch in batches]
        assert len(bodies) > 1
        assert all(MAX_BODY_BYTES - 10_000 < len(body) <= MAX_BODY_BYTES for body in bodies[:-1])


@given(st.lists(VIEWS, min_size=1, max_size=50))
def test_halves_are_the_whole(views: list[View]) -> None:
    whole = gathered(views)[0]
    first, second = whole.halves()
    assert sums(first, second) == sums(whole)
    assert first.views + second.views == whole.views
    assert 0 <= first.entries - second.entries <= 1
    assert first.lines == whole.lines


@given(st.lists(VIEWS, min_size=1, max_size=50))
def test_a_body_says_what_was_gathered(views: list[View]) -> None:
    batch = gathered(views)[0]
    sent = json.loads(batch.body())
    found: Counter[tuple[str, str, str]] = Counter()
    for page, counts in sent.items():
        for moment, count in counts.items():
            by_agent = {"": count} if isinstance(count, int) else count
            # In place of a count only where an agent is known.
            assert isinstance(count, int) or any(count)
            for agent, views_of_it in by_agent.items():
                found[page, moment, agent] += views_of_it
    assert found == {(p, timestamp(h), a): count for (p, h, a), count in sums(batch).items()}


def test_views_without_agents_are_sent_as_they_always_were() -> None:
    batch = gathered([View("a", 486_850, 2), View("a", 486_851), View("b", 486_850)])[0]
    assert batch.body() == (
        b'{"a":{"2025-07-16T10:00:00Z":2,"2025-07-16T11:00:00Z":1},"b":{"2025-07-16T10:00:00Z":1}}'
    )
