"""Reading one's own views: what a question waits for, how long, and what it is answered then."""

import asyncio
import time

import pytest

from domain.errors import Problem
from domain.receipts import Receipt, receipt_text
from read_api.awaited import AWAITED, DEFAULT_SECONDS, Awaited, take_awaited
from read_api.routes import routes
from read_api.stats.asking import ENDPOINTS
from read_api.waiting import Waiting
from tests.fakes import FakeReceipts, FakeStore
from tests.fakes_stats import FakeStats
from tests.unit.read_api.stats_site import NOW_MS, Answered, Site

RECEIPT = Receipt(NOW_MS, {})
WORD = receipt_text(RECEIPT) or ""
NEVER = 1_000_000
STATS = [f"/stats/{endpoint.name}" for endpoint in ENDPOINTS]
READS = [("/report", {"page": "x"}), *((path, {}) for path in [*STATS, "/export/hourly"])]
EACH = pytest.mark.parametrize(("path", "query"), READS, ids=[path for path, _ in READS])


def site(path: str, receipts: FakeReceipts, reader: FakeStats | None = None) -> Site:
    handlers = None
    if path == "/report":
        handlers = routes(FakeStore(), lambda: NOW_MS, Waiting(receipts))
    return Site(reader, handlers=handlers, receipts=receipts)


@pytest.mark.parametrize(
    ("wait", "seconds"),
    [(None, DEFAULT_SECONDS), ("0", 0), ("2.5", 2.5), ("10", 10), ("10.000000000", 10), ("05", 5)],
)
def test_what_is_waited_for_is_taken_out_of_the_question(wait: str | None, seconds: float) -> None:
    given, problems = {"page": "x", "min-position": WORD}, list[Problem]()
    given |= {"wait": wait} if wait is not None else {}
    assert take_awaited(given, problems) == Awaited(RECEIPT, seconds)
    assert (given, problems) == ({"page": "x"}, [])


def test_nothing_is_waited_for_where_nothing_is_named() -> None:
    problems: list[Problem] = []
    assert take_awaited({"page": "x"}, problems) is None
    assert not problems


@EACH
@pytest.mark.parametrize(
    ("given", "faults"),
    [
        ({"wait": "1"}, ["wait"]),
        ({"min-position": ""}, ["min-position"]),
        ({"min-position": "x", "wait": "x"}, ["wait", "min-position"]),
        *(
            ({"min-position": WORD, "wait": wait}, ["wait"])
            for wait in ("", "-1", "10.1", "11", "1e1", "nan", "inf", "+1", "1.", ".5", "١", " 1")
        ),
    ],
)
async def test_what_cannot_be_waited_for_is_among_the_faults(
    path: str, query: dict[str, str], given: dict[str, str], faults: list[str]
) -> None:
    receipts = FakeReceipts()
    answered = await site(path, receipts).get(path, {**query, **given, "y": "1"})
    assert answered.status == 400
    assert sorted(answered.faults) == sorted([*faults, "y"])
    assert not receipts.asked


@pytest.mark.parametrize(
    ("word", "why"),
    [("2" + WORD[1:], "was given out by a newer Footfall than this one"), ("x", "cannot be read")],
)
async def test_a_word_that_is_none_is_told_what_to_send(word: str, why: str) -> None:
    answered = await Site().get("/stats/views", {"min-position": word})
    assert answered.json["detail"] == (
        f"min-position {why}: send what the header Footfall-Position of a 202 said, as it is, or "
        "leave it out"
    )


@EACH
async def test_the_answer_comes_once_it_is_folded(path: str, query: dict[str, str]) -> None:
    receipts = FakeReceipts(looks=3)
    answered = await site(path, receipts).get(path, {**query, "min-position": WORD})
    assert (answered.status, receipts.asked) == (200, 3)


@EACH
@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_what_is_not_folded_in_time_is_not_answered(
    path: str, query: dict[str, str], method: str
) -> None:
    reader, began = FakeStats(), time.monotonic()
    given = {**query, "min-position": WORD, "wait": "0.2"}
    answered = await site(path, FakeReceipts(NEVER), reader).get(path, given, method=method)
    assert answered.status == 504
    assert 0.2 <= time.monotonic() - began < 2
    assert answered.headers[b"retry-after"] == b"1"
    assert not reader.reads
    if method == "GET":
        assert answered.json["type"] == "/problems/not-yet"
        assert answered.json["detail"] == (
            "the views of min-position are not counted within 0.2 s; ask again later"
        )


async def test_without_time_there_is_one_look() -> None:
    receipts = FakeReceipts(NEVER)
    given = {"min-position": WORD, "wait": "0"}
    assert (await Site(receipts=receipts).get("/stats/views", given)).status == 504
    assert receipts.asked == 1


async def test_who_waits_looks_seldom() -> None:
    receipts = FakeReceipts(NEVER)
    given = {"min-position": WORD, "wait": "1"}
    assert (await Site(receipts=receipts).get("/stats/views", given)).status == 504
    # Within 50, 100, 200, 400 ms of one another and then 500; two more at the beginning.
    assert 3 <= receipts.asked <= 10


async def test_nobody_waits_to_be_refused() -> None:
    receipts = FakeReceipts(NEVER)
    given = {"min-position": WORD, "unit": "year"}
    answered = await Site(receipts=receipts).get("/stats/pages", given)
    assert (answered.status, answered.faults) == (400, ["unit"])
    assert not receipts.asked


async def test_the_wait_comes_before_what_is_held() -> None:
    query, waiting = {"site": "a"}, {"min-position": WORD, "wait": "0"}
    held = (await Site().get("/stats/views", query)).headers[b"etag"].decode()
    assert (await Site().get("/stats/views", query, held=held)).status == 304
    late = Site(receipts=FakeReceipts(NEVER))
    assert (await late.get("/stats/views", query | waiting, held=held)).status == 504
    there = await Site().get("/stats/views", query | waiting, held=held)
    assert there.status == 304


async def test_it_is_no_part_of_the_question() -> None:
    plain = await Site().get("/stats/pages", {"limit": "1"})
    waited = await Site().get("/stats/pages", {"limit": "1", "min-position": WORD, "wait": "3"})
    assert waited.body == plain.body
    assert [one.headers.pop(b"x-request-id") for one in (plain, waited)]
    assert waited.headers == plain.headers


async def test_a_list_goes_on_without_waiting_again() -> None:
    rows = {(NOW_MS // 3_600_000 - 1, page): 1 for page in "ab"}
    site = Site(FakeStats(rows))  # type: ignore[arg-type]
    first = await site.get("/stats/pages", {"limit": "1", "min-position": WORD})
    link = first.headers[b"link"].decode()
    assert not any(name in link for name in AWAITED)
    query = link[link.index("?") + 1 : link.index(">")].encode()
    assert (await site.get("/stats/pages", query)).json["pages"][0]["page"] == "b"


async def test_a_client_that_goes_away_is_not_waited_for() -> None:
    receipts = FakeReceipts(NEVER)
    site = Site(receipts=receipts)
    began = time.monotonic()
    given = {"min-position": WORD, "wait": "10"}
    asked = asyncio.create_task(site.get("/stats/views", given))
    await receipts.look.wait()
    site.gone.set()
    await asked
    assert time.monotonic() - began < 5
    looks = receipts.asked
    await asyncio.sleep(0.2)
    assert receipts.asked == looks


async def test_so_many_wait_at_once_and_others_are_told_to_come_again() -> None:
    receipts = FakeReceipts(NEVER)
    site = Site(receipts=receipts)
    given = {"min-position": WORD, "wait": "10"}
    # The first look of each, and one of its waiting.
    waiting = [asyncio.create_task(site.get("/stats/views", given)) for _ in range(2)]
    while receipts.asked < 4:
        receipts.look.clear()
        await receipts.look.wait()
    refused = await site.get("/stats/views", given)
    assert (refused.status, refused.headers[b"retry-after"]) == (503, b"1")
    assert refused.json["detail"] == (
        "too many clients wait for their views at once; ask again later"
    )
    receipts.looks = 0
    # What is folded needs no place.
    assert [found.status for found in await asyncio.gather(*waiting)] == [200, 200]
    assert (await site.get("/stats/views", given)).status == 200
    receipts.looks = NEVER
    assert (await site.get("/stats/views", given | {"wait": "0.1"})).status == 504


async def test_an_export_that_waited_is_whole_and_ends_with_its_client() -> None:
    rows = {(NOW_MS // 3_600_000 - 1, page): 1 for page in "ab"}
    plain = await Site(FakeStats(rows)).get("/export/hourly")  # type: ignore[arg-type]
    client = Answered()
    site = Site(FakeStats(rows), receipts=FakeReceipts(2))  # type: ignore[arg-type]
    await site.get("/export/hourly", {"min-position": WORD}, client=client)
    assert (client.status, client.body, client.whole) == (200, plain.body, True)
