"""What a 202 says and what the fold remembers, held together: whatever the log is given."""

import asyncio
from collections.abc import Sequence
from typing import NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.errors import LogUnavailable
from domain.events import Entry, Offset, Partition
from domain.projection import project
from domain.receipts import Receipt, Taken, is_folded, read_receipt, receipt_text
from ingest.appender import Appender
from tests.factories import TEN, event
from tests.fakes import FakeLog


class LosingConfirms(FakeLog):
    """Takes what it is given, and is given it again where the confirm is `lost`."""

    def __init__(self) -> None:
        super().__init__()
        self.lost = 0

    async def append(self, partition: Partition, body: bytes) -> None:
        await super().append(partition, body)
        if self.lost:
            self.lost -= 1
            raise LogUnavailable("the confirm was lost")


class Request(NamedTuple):
    """How many views in which partitions, with a new name before it, after so many lost confirms;
    `alone`: those before it are answered first.
    """

    views: dict[int, int]
    renamed: bool
    lost: int
    alone: bool


REQUESTS = st.lists(
    st.builds(
        Request,
        st.dictionaries(st.integers(0, 2), st.sampled_from([1, 2, 700]), min_size=1),
        st.booleans(),
        st.sampled_from([0, 0, 0, 0, 1]),
        st.booleans(),
    ),
    min_size=1,
    max_size=6,
)


async def answered(log: LosingConfirms, requests: Sequence[Request]) -> list[Taken]:
    """Of each request what its 202 says, through the word that it goes out as."""
    names = ["p0"]
    appender = Appender(
        log, clock=lambda: TEN, producer=lambda: names[-1], draw_shard=lambda: 0,
        linger_seconds=0, deadline_seconds=10,
    )  # fmt: skip
    sending: list[asyncio.Task[Taken]] = []
    for number, request in enumerate(requests):
        if request.alone:
            await asyncio.gather(*sending)
        if request.renamed:
            names.append(f"p{number + 1}")
        log.lost += request.lost
        events = {
            Partition(partition): [event(f"{number}/{partition}/{n}") for n in range(views)]
            for partition, views in request.views.items()
        }
        sending.append(asyncio.create_task(appender.append(events)))
        await asyncio.sleep(0)
    words = [receipt_text(Receipt(TEN, taken)) for taken in await asyncio.gather(*sending)]
    return [read_receipt(word or "").taken for word in words]


@settings(max_examples=40, deadline=None)
@given(REQUESTS)
def test_a_request_is_folded_where_its_views_are_in_the_rows_and_nowhere_before(
    requests: Sequence[Request],
) -> None:
    log = LosingConfirms()
    taken = asyncio.run(answered(log, requests))
    for partition, bodies in log.entries.items():
        for end in range(len(bodies) + 1):
            delta = project([Entry(Offset(n), body) for n, body in enumerate(bodies[:end])])
            sequences = {
                (partition, name): position.sequence for name, position in delta.positions.items()
            }
            counted = {page for page, _, _ in delta.rows}
            for number, request in enumerate(requests):
                views = range(request.views.get(partition, 0))
                here = {key: n for key, n in taken[number].items() if key[0] == partition}
                assert bool(here) == bool(views)
                all_there = counted >= {f"{number}/{partition}/{n}" for n in views}
                assert is_folded(Receipt(TEN, here), sequences, {}) == all_there
