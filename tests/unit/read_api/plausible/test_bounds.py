"""How much is gone through for a question, and what is told where that would not be all."""

from collections.abc import Iterable, Iterator
from threading import get_ident
from typing import Any

import pytest
from msgspec.structs import replace

from domain.errors import RequestRefused
from domain.stats.answers import Ranking
from domain.stats.ranking import By, Listing
from domain.stats.selection import Kind, Selection
from domain.stats.units import Range
from read_api.plausible.filters import Leaf
from read_api.plausible.reading import MOST_CELLS, MOST_IN_TIME, MOST_NAMES, Reading, read
from tests.fakes_stats import FakeStats
from tests.unit.read_api.plausible.site import SITE, Plausible, hour, refused

PAGE = "event:page"


class Endless(FakeStats):
    """A list that goes on behind whatever is read of it; `asked` are the limits."""

    def __init__(self) -> None:
        super().__init__({(hour("2025-07-15T10"), f"{SITE}/"): 2})
        self.asked: list[int] = []

    async def ranking(self, listing: Listing) -> Ranking:
        self.asked.append(listing.limit)
        return replace(await super().ranking(listing), more=True)


@pytest.mark.parametrize(
    ("fields", "most"),
    [
        ({"filters": [["is_not", PAGE, ["/"]]]}, MOST_NAMES),
        ({"dimensions": [PAGE], "order_by": [["pageviews", "asc"]]}, MOST_NAMES),
        ({"dimensions": [PAGE], "pagination": {"offset": MOST_NAMES}}, MOST_NAMES),
        ({"dimensions": ["visit:source"]}, MOST_NAMES),
        ({"dimensions": [PAGE, "time:day"]}, MOST_IN_TIME),
        ({"dimensions": [PAGE, "time:hour"], "date_range": "91d"}, MOST_CELLS // (91 * 24)),
    ],
    ids=str,
)
async def test_what_would_be_less_than_all_is_refused(fields: Any, most: int) -> None:
    reader = Endless()
    told = refused(await Plausible(reader).query(**fields))
    assert told.startswith(f"#/dimensions: the site has over {most:,} names in this range")
    assert reader.asked == [most]


@pytest.mark.parametrize("offset", [0, 100])
async def test_the_beginning_of_a_list_is_read_and_no_more(offset: int) -> None:
    reader = Endless()
    paging = {"limit": 10, "offset": offset}
    assert (await Plausible(reader).query(dimensions=[PAGE], pagination=paging)).status == 200
    assert reader.asked == [offset + 10]


async def test_filters_that_take_too_long_end() -> None:
    reader = FakeStats({(hour("2025-07-15T10"), f"{SITE}/{page}"): 2 for page in range(100)})
    day = Range(hour("2025-07-15T00"), hour("2025-07-16T00"))
    asked = Reading(
        Selection(Kind.SITE, SITE),
        day,
        By.PAGE,
        [Leaf(PAGE, "matches", ["^/[0-9]+$"])],
        seconds=0,
    )
    with pytest.raises(RequestRefused, match="#/filters: they take over 0 s"):
        await read(reader, asked)
    assert len((await read(reader, replace(asked, seconds=60))).cells) == 100


class Values(list[str]):
    """Texts of a filter that know in which threads they were gone through."""

    def __init__(self, texts: Iterable[str]) -> None:
        super().__init__(texts)
        self.threads: set[int] = set()

    def __iter__(self) -> Iterator[str]:
        self.threads.add(get_ident())
        return super().__iter__()


@pytest.mark.parametrize(
    ("how", "texts", "elsewhere"),
    [("contains", 1, False), ("contains", 1_000, True), ("matches", 1, True)],
)
async def test_few_names_with_a_filter_that_takes_long_leave_the_turn_to_others(
    how: str, texts: int, elsewhere: bool
) -> None:
    reader = FakeStats({(hour("2025-07-15T10"), f"{SITE}/{page}"): 2 for page in range(3)})
    day = Range(hour("2025-07-15T00"), hour("2025-07-16T00"))
    values = Values(f"no{number}" for number in range(texts))
    leaf = Leaf(PAGE, how, values, inverted=True)
    found = await read(reader, Reading(Selection(Kind.SITE, SITE), day, By.PAGE, [leaf]))
    assert len(found.cells) == 3
    assert [thread != get_ident() for thread in values.threads] == [elsewhere]
