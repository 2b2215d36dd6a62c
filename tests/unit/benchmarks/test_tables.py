"""The tables of single views: what stands beside what, and what the history keeps of them."""

from contextlib import AbstractAsyncContextManager

import pytest

from benchmarks import beside
from benchmarks.contenders import Contender, Started, limits
from benchmarks.measured import Found, Place, middle
from benchmarks.peers import all as peers
from benchmarks.table import Row, kept, markdown

OLD = Found(4_000, 3_900, 5.0, 20.0, {"ingest": 0.2, "database": 0.1})
NEW = Found(6_000, 5_900, 4.0, 15.0, {"ingest": 0.1, "database": 0.05})
LIMIT = Found(24_000, 24_000, 1.0, 2.0, {"process": 0.03})
PLACE = Place("one core", frozenset([0]), 1)


def found(number: int) -> dict[tuple[str, int], Found]:
    """What a run finds at so many connections."""
    both = {"0.2.0": OLD, "now": NEW}
    kinds = ("RabbitMQ + PostgreSQL", "embedded")
    ours = {(f"{kind} {age}", number): each for kind in kinds for age, each in both.items()}
    return ours | {(limit.name, number): LIMIT for limit in limits()}


def row(rows: list[Row], beginning: str) -> Row:
    (one,) = [each for each in rows if each.name.startswith(beginning)]
    return one


def test_requests_cpu_and_p99_stand_beside_the_release_and_what_is_wanted() -> None:
    rows = beside.table(found(64), "one core", [64])
    what = "RabbitMQ + PostgreSQL, 64 connections, one core: "
    rate, cost, tail = (row(rows, what + each) for each in ("requests/s", "CPU", "p99"))
    assert (rate.value, rate.target) == ("4,000 → 6,000, 1.50", "at least 1.50")
    assert cost.value == "0.300 → 0.150, 0.50 (ingest 0.200 → 0.100, database 0.100 → 0.050)"
    assert cost.target == "at most 0.50"
    assert (tail.value, tail.target) == ("20.0 → 15.0 ms, 0.75", "at most 1.00")


def test_embedded_has_its_own_target_and_one_part() -> None:
    rows = beside.table(found(64), "one core", [64])
    assert row(rows, "embedded, 64 connections, one core: requests/s").target == "at least 1.30"


def test_a_lone_request_is_judged_by_its_median() -> None:
    rows = beside.table(found(1), "one core", [1])
    assert row(rows, "embedded, a lone request, one core").value == "5.00 → 4.00 ms, 0.80"
    assert kept(rows) == []


def test_in_every_ratio_that_is_kept_more_is_better() -> None:
    rows = beside.table(found(64), "one core", [64])
    ratios = {ratio.name: ratio for ratio in kept(rows)}
    what = "RabbitMQ + PostgreSQL, 64 connections, one core: "
    for name, value in (("requests/s", 1.5), ("requests a CPU second", 2.0)):
        ratio = ratios[f"{what}{name} / 0.2.0"]
        assert (ratio.value, ratio.released) == (value, 1.0)
    limit = "RabbitMQ + PostgreSQL / raw ASGI no-op under uvicorn, 64 connections, one core"
    assert ratios[limit].value == 0.25
    assert ratios[limit].released == pytest.approx(1 / 6)
    assert len(ratios) == len(kept(rows))


def test_the_length_of_a_call_grows_with_what_it_does() -> None:
    assert beside.length(1, 1, 1, 2.0) < beside.length(2, 1, 1, 2.0) < beside.length(2, 3, 5, 4.0)


def test_each_figure_is_a_median_by_itself() -> None:
    middling = Found(1_000, 1_000, 9.0, 90.0, {"ingest": 0.4, "database": 0.0})
    assert middle([OLD, NEW, middling]) == Found(
        4_000, 3_900, 5.0, 20.0, {"ingest": 0.2, "database": 0.05}
    )


def _never() -> AbstractAsyncContextManager[Started]:
    raise AssertionError("nothing is started")


def test_a_peer_stands_with_what_it_promises_and_three_ratios() -> None:
    peer = Contender("Peer", "nothing much", _never)
    ours = Contender(peers.FOOTFALL, "everything", _never)
    measured = {(peers.FOOTFALL, 64): NEW, ("Peer", 64): OLD}
    rows = peers.table(measured, [ours, peer], PLACE)
    assert row(rows, "Peer, 64 connections, one core").target == "nothing much"
    assert {ratio.name: round(ratio.value, 2) for ratio in kept(rows)} == {
        "Footfall / Peer, 64 connections, one core: requests/s": 1.5,
        "Footfall / Peer, 64 connections, one core: views/s until counted": 1.51,
        "Footfall / Peer, 64 connections, one core: requests a CPU second": 2.0,
    }


def test_promises_stand_in_a_column_of_their_own() -> None:
    table = markdown([Row("Peer", "1", "nothing much")], "what it promises")
    assert table.splitlines()[0] == "| what | median | what it promises |"
