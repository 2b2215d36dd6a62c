"""Batches with tables: they hold what they may in bytes, and everything that was sent."""

import asyncio
from typing import NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.agents.keeping import keeping_of
from domain.agents.viewers import LABEL
from domain.events import MAX_COUNT, Batch, Partition
from domain.guard import MAX_NEW_PAGES, Guard
from domain.sources import usable
from domain.wire import FORMAT, MAX_BYTES, MAX_EVENTS, decode, encode
from ingest.cutting import Room, Run, cut
from ingest.viewers import Beside, with_tables
from tests.factories import TEN, event
from tests.fakes import FakeLog
from tests.unit.ingest.test_appender import appender

ONE = Partition(1)
KEEPING = keeping_of(LABEL)
PAGES = st.sampled_from(["a", "b/c", "я" * 1_000, '"' * 2_000, "x" * 120])
TEXTS = st.none() | st.sampled_from(["curl", '"' * 500, "é" * 250]) | st.text("abc", min_size=1)
SOURCES = st.none() | st.sampled_from(["", "\\" * 255, "é" * 127]) | st.text("abcdef", max_size=9)


class Sent(NamedTuple):
    """A request's views of one partition: page, viewer, source; which of these are told at all."""

    views: list[tuple[str, str | None, str | None]]
    with_texts: bool
    with_sources: bool
    new_pages: int

    def runs(self) -> list[Run]:
        events = [event(page, TEN, MAX_COUNT) for page, _, _ in self.views]
        texts = [text for _, text, _ in self.views] if self.with_texts else None
        sources = [source for *_, source in self.views] if self.with_sources else None
        return cut(events, texts, sources, self.new_pages)


REQUESTS = st.lists(
    st.builds(
        Sent,
        st.lists(st.tuples(PAGES, TEXTS, SOURCES), min_size=1, max_size=40),
        st.booleans(),
        st.booleans(),
        st.sampled_from([0, 0, 1_250, MAX_NEW_PAGES]),
    ),
    min_size=1,
    max_size=30,
)


def batches(requests: list[Sent]) -> list[list[Run]]:
    """As a lane puts them together."""
    found: list[list[Run]] = []
    room = Room()
    for run in (run for request in requests for run in request.runs()):
        if not found or not room.takes(run):
            room = Room()
            room.takes(run)
            found.append([])
        found[-1].append(run)
    return found


@settings(max_examples=60, deadline=None)
@given(REQUESTS)
def test_a_batch_has_no_more_bytes_than_it_may_whatever_is_beside(requests: list[Sent]) -> None:
    views = []
    for runs in batches(requests):
        events = [one for run in runs for one in run.events]
        head = Batch(FORMAT, "p" * 64, 2**62, 1_752_660_000_123, 32_767, events)
        body = encode(with_tables(head, runs, KEEPING))
        assert len(body) <= MAX_BYTES
        assert len(events) <= MAX_EVENTS
        found = decode(body)
        nothing = [None] * len(events)
        texts = found.agents.by_event() if found.agents else nothing
        sources = found.sources.by_event() if found.sources else nothing
        flags = found.guard.flags(len(events)) if found.guard else [0] * len(events)
        pages = [one.page for one in found.events]
        views += list(zip(pages, texts, sources, map(bool, flags), strict=True))
    assert views == [
        (
            page,
            text if request.with_texts else None,
            source if request.with_sources else None,
            request.new_pages > 0,
        )
        for request in requests
        for page, text, source in request.views
    ]


async def test_what_is_beside_events_goes_to_the_log_with_them() -> None:
    log = FakeLog()
    sender = appender(log)
    await asyncio.gather(
        sender.append({ONE: [event("a"), event("b")]}, {ONE: ["curl", None]}),
        sender.append({ONE: [event("c"), event("d")]}, beside=Beside({ONE: ["", None]}, 7)),
        sender.append({ONE: [event("e")]}, beside=Beside({ONE: ["\n"]})),
    )
    (body,) = log.entries[ONE]
    found = decode(body)
    assert found.sources is not None
    assert found.agents is not None
    assert found.sources.by_event() == [None, None, "", None, None]
    assert found.agents.by_event() == ["curl", None, None, None, None]
    assert found.guard == Guard(7, [0, 0, 1, 1, 0])
    assert not usable("\n")


async def test_a_request_of_strangers_alone_needs_no_column() -> None:
    log = FakeLog()
    await appender(log).append({ONE: [event("a"), event("b")]}, beside=Beside(new_pages=3))
    assert decode(log.entries[ONE][0]).guard == Guard(3)
