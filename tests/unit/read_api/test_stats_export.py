"""An export is read back by an import without a difference, in bounded memory."""

import asyncio
import tracemalloc
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import StoreUnavailable
from domain.events import MAX_COUNT, Hour
from domain.pages import fault_of
from domain.ports.stats import HourlyRow
from domain.stats.answers import Standing
from domain.stats.selection import Selection
from domain.stats.units import Range
from importer.counts import Counts, is_counts_line
from importer.lines import Lines
from importer.views import Skip, View
from tests.fakes_stats import FakeStats
from tests.unit.read_api.stats_site import OPEN, Answered, Site

HOSTILE = "'=+-@,;\"\\ a\u00e9\ufeff\u2028\u202e\u00a0＝\U0001f600"
pages = st.one_of(
    st.text(st.sampled_from(HOSTILE), min_size=1, max_size=12),
    st.text(min_size=1, max_size=30),
    st.sampled_from(
        ["hour,page,views", "page", "=x", "'=x", '"', "\ufeff", " ", "\\\\", "a" * 2_048]
    ),
).filter(lambda page: fault_of(page) is None)
counts = st.integers(1, 9) | st.integers(MAX_COUNT - 1, 3 * MAX_COUNT)
rows = st.dictionaries(
    st.tuples(st.integers(-10_000, OPEN).map(Hour), pages), counts, min_size=1, max_size=8
)


def read_back(export: bytes, size: int) -> Counter[tuple[Hour, str]]:
    """What an import counts of it, in chunks of so many bytes."""

    def chunks() -> Iterator[bytes]:
        for at in range(0, len(export), size):
            yield export[at : at + size]

    found: Counter[tuple[Hour, str]] = Counter()
    reader = Counts(lambda: OPEN * 3_600.0)
    header, *lines = Lines().of(chunks())
    assert is_counts_line(header)
    assert reader.parse(header) is Skip.HEADER
    for line in lines:
        view = reader.parse(line)
        assert isinstance(view, View), (line, view)
        found[Hour(view.hour), view.page] += view.count
    return found


@given(rows, st.integers(1, 40))
def test_what_was_exported_is_imported_without_a_difference(
    stored: dict[tuple[Hour, str], int], size: int
) -> None:
    answered = asyncio.run(Site(FakeStats(stored)).get("/export/hourly"))
    assert answered.whole
    assert read_back(answered.body, size) == stored


class Endless(FakeStats):
    """So many rows, or as many as there are before it fails."""

    def __init__(self, count: int, fails: bool = False) -> None:
        super().__init__()
        self._count = count
        self._fails = fails
        self.closed = False

    async def rows(
        self, _: Selection, __: Range, tell: Callable[[Standing], None] | None = None
    ) -> AsyncGenerator[HourlyRow, None]:
        if tell:
            tell(self._standing())
        try:
            for at in range(self._count):
                yield HourlyRow(Hour(at % 1_000), f"example.com/a-page-of-usual-length/{at}", 1)
            if self._fails:
                raise StoreUnavailable("the database went away")
        finally:
            self.closed = True


@pytest.mark.parametrize("wanted", ["csv", "ndjson", "json"])
async def test_an_export_of_any_size_takes_bounded_memory(wanted: str) -> None:
    class Counting(Answered):
        size = 0

        async def send(self, message: Any) -> None:
            self.size += len(message.get("body", b""))

    site, client = Site(Endless(20_000)), Counting()
    tracemalloc.start()
    try:
        await site.get("/export/hourly", f"format={wanted}".encode(), client=client)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert client.size > 1_000_000
    assert peak < 700_000


async def test_an_export_that_breaks_off_has_no_end() -> None:
    store = Endless(5_000, fails=True)
    found = await Site(store).get("/export/hourly")
    assert found.status == 200
    assert not found.whole
    assert store.closed


async def test_the_query_of_an_export_ends_with_its_client() -> None:
    store = Endless(10_000_000)
    site = Site(store)
    site.gone.set()
    found = await site.get("/export/hourly")
    assert not found.whole
    assert store.closed


async def test_an_export_without_rows_is_whole() -> None:
    for wanted, body in (("csv", b"hour,page,views\r\n"), ("ndjson", b"")):
        found = await Site().get("/export/hourly", f"format={wanted}".encode())
        assert (found.body, found.whole) == (body, True)
    assert (await Site().get("/export/hourly", b"format=json")).json["rows"] == []


@pytest.mark.parametrize("query", ["period=24h", "from=2025-07-16&to=2025-07-17", "site=a"])
async def test_an_export_is_of_what_was_asked_for(query: str) -> None:
    store = FakeStats({(Hour(OPEN - 2), "a/x"): 3, (Hour(OPEN - 900), "b/x"): 2})
    found = await Site(store).get("/export/hourly", query.encode())
    assert found.body.splitlines()[1:] == [b"2025-07-16T10:00:00Z,a/x,3"]
