"""GET /stats/state answers in time, whatever the database does, with what is known."""

import asyncio
from typing import Any

import jsonschema_rs
import pytest

from domain.checkpoint import Checkpoint
from domain.errors import StoreUnavailable
from domain.events import Epoch, Generation, Offset, Partition
from domain.generations import GenerationInfo
from domain.hours import parse_instant
from domain.keys import ANYBODY, Caller, Right
from domain.letters import LetterCounts
from domain.ownership import Trouble
from domain.problems import INVALID, OVERLOADED
from domain.reports import AuditResult, Facts, Watermark
from domain.stats.state import State, built, partition_states
from read_api.stats import last_known
from read_api.stats.openapi import PATHS
from read_api.stats.state import state_route
from tests.unit.read_api.stats_site import NOW_MS, Answered, Site
from web.app import create_app
from web.refused import Refusals

TOTALS = "2025-07-16T11:55:00Z"
STOPPED = "2025-07-16T12:34:50Z"


def checkpoint(partition: int, offset: int, complete_ms: int, generation: int = 3) -> Checkpoint:
    return Checkpoint(
        Generation(generation), Partition(partition), Offset(offset), Epoch(1),
        complete_ms=complete_ms,
    )  # fmt: skip


def state(complete_ms: int = NOW_MS - 4_500) -> State:
    """Two partitions: one is folded, one has stopped; a third is nobody's."""
    live = [checkpoint(0, 60, NOW_MS - 500), checkpoint(1, 40, complete_ms)]
    facts = Facts(
        3, 480_000, 2, live,
        [
            AuditResult(2, "totals", 0, 9),
            AuditResult(3, "totals", parse_instant(TOTALS), -12),
        ],
        {
            Partition(1): Trouble(
                True, "a batch of format 3", parse_instant(STOPPED), "newer-format"
            )
        },
        letters=LetterCounts(2, 100, 1, 0, {"bytes": 1, "clock": 1}),
    )  # fmt: skip
    new = [checkpoint(0, 73, 0, 4), checkpoint(1, 13, 0, 4)]
    building = GenerationInfo(Generation(4), "loading", "replay", parse_instant(TOTALS))
    held = {Partition(0): True, Partition(1): True, Partition(2): False}
    return State(
        Watermark(Generation(3), complete_ms, NOW_MS),
        facts,
        partition_states(facts, held, NOW_MS),
        built(building, new, live),
    )


class Database:
    """Answers, refuses or hangs, as it is told."""

    def __init__(self) -> None:
        self.error: Exception | None = None
        self.hangs = False
        self.reads = 0
        self.found = state()

    async def read(self) -> State:
        self.reads += 1
        if self.hangs:
            await asyncio.Event().wait()
        if self.error:
            raise self.error
        return self.found


class Asking(Site):
    """The application over it."""

    def __init__(
        self, refusals: Refusals | None = None, caller: Caller = ANYBODY, days: int = 0
    ) -> None:
        self.database = Database()
        route = state_route(self.database.read, lambda: self.now_ms, days, refusals)
        super().__init__(handlers=[route])
        self.app = create_app([route], {}, {}, lock=lambda _: caller)

    async def state(self) -> Any:
        return (await self.answered()).json

    async def answered(self) -> Answered:
        found = await self.get("/stats/state")
        assert found.status == 200, found.body
        assert found.headers[b"cache-control"] == b"no-store"
        schema = PATHS["/stats/state"]["get"]["responses"]["200"]["content"]["application/json"]
        jsonschema_rs.validator_for(schema["schema"]).validate(found.json)
        return found


@pytest.fixture
def asking(monkeypatch: pytest.MonkeyPatch) -> Asking:
    monkeypatch.setattr(last_known, "WAIT_SECONDS", 0.05)
    return Asking()


async def test_all_that_is_known_is_told(asking: Asking) -> None:
    assert await asking.state() == {
        "complete_until": "2025-07-16T12:34:51.500Z",
        "lag_seconds": 5,
        "generation": 3,
        "known_at": "2025-07-16T12:34:56.000Z",
        "horizon": "2024-10-04T00:00:00Z",
        "retention_days": None,
        "database": {"answers": True},
        "partitions": [
            {"partition": 0, "complete_until": "2025-07-16T12:34:55.500Z", "lag_seconds": 1,
             "stopped": False, "reason": None, "since": None, "stands_still": None},
            {"partition": 1, "complete_until": "2025-07-16T12:34:51.500Z", "lag_seconds": 5,
             "stopped": True, "reason": "newer-format", "since": STOPPED,
             "stands_still": f"stopped since {STOPPED}: a batch of format 3"},
            {"partition": 2, "complete_until": None, "lag_seconds": None,
             "stopped": False, "reason": "unheld", "since": None,
             "stands_still":
                 "waits: no projector folds it: start one (footfall projector)"},
        ],
        "audits": [{"kind": "totals", "at": TOTALS, "difference": -12}],
        "building": {"generation": 4, "state": "loading", "purpose": "replay", "since": TOTALS,
                     "progress": 0.73},
        "dead_letters": {"letters": 2, "by_clock": 1, "by_reason": {"bytes": 1, "clock": 1}},
        "refused": None,
    }  # fmt: skip


async def test_what_this_process_refused_is_told_whether_the_database_answers_or_not() -> None:
    refusals = Refusals(NOW_MS - 60_000)
    asking = Asking(refusals)
    assert (await asking.state())["refused"] == {"since": "2025-07-16T12:33:56Z", "by_reason": {}}
    for kind in (INVALID, OVERLOADED, INVALID):
        refusals.note(kind)
    asking.database.error = StoreUnavailable("it is away")
    told = (await asking.state())["refused"]["by_reason"]
    assert told == {"invalid": 2, "overloaded": 1}


async def test_its_headers_are_those_of_every_answer(asking: Asking) -> None:
    found = await asking.answered()
    assert found.headers[b"footfall-generation"] == b"3"
    assert found.headers[b"footfall-complete-until"] == b"2025-07-16T12:34:51.500Z"
    assert found.headers[b"footfall-lag-seconds"] == b"5"


async def test_what_is_not_known_is_null(asking: Asking) -> None:
    asking.database.found = state(0)
    found = await asking.state()
    assert (found["complete_until"], found["lag_seconds"]) == (None, None)
    asking = Asking()
    asking.database.error = StoreUnavailable("the database cannot be reached")
    nothing = await asking.answered()
    assert nothing.json == {
        "complete_until": None, "lag_seconds": None, "generation": None, "known_at": None,
        "horizon": None, "retention_days": None, "partitions": [], "audits": [],
        "building": None, "dead_letters": None,
        "database": {"answers": False, "since": "2025-07-16T12:34:56Z",
                     "reason": "the database cannot be reached"},
        "refused": None,
    }  # fmt: skip
    assert b"footfall-generation" not in nothing.headers


@pytest.mark.parametrize("sites", [None, frozenset({"a.example"})])
async def test_how_the_service_is_run_is_told_to_administrators_alone(
    sites: frozenset[str] | None,
) -> None:
    asking = Asking(Refusals(NOW_MS), Caller("k", frozenset({Right.READ}), sites))
    whole = await Asking(Refusals(NOW_MS), Caller("k", frozenset(Right))).state()
    told = await asking.state()
    # Sentences name folders and hosts: others are told a word.
    sentences = [one.pop("stands_still") for one in whole["partitions"]]
    assert "a batch of format 3" in sentences[1]
    assert {name: whole.pop(name) for name in ("dead_letters", "refused")}
    assert told == whole
    assert [one["reason"] for one in told["partitions"]] == [None, "newer-format", "unheld"]
    asking.database.error = StoreUnavailable("the host db-7 is away")
    silent = await asking.state()
    assert silent["database"] == {"answers": False, "since": "2025-07-16T12:34:56Z"}


@pytest.mark.parametrize("hangs", [False, True])
async def test_a_silent_database_is_told_with_what_was_known(asking: Asking, hangs: bool) -> None:
    before = await asking.state()
    asking.database.hangs, asking.database.error = hangs, StoreUnavailable("it is away")
    asking.now_ms += 60_000
    first = await asking.state()
    asking.now_ms += 60_000
    # Longer silence is silence since the same moment, and makes what is known older.
    second = await asking.answered()
    assert {found["database"]["since"] for found in (first, second.json)} == {
        "2025-07-16T12:35:56Z"
    }
    assert second.json["database"]["answers"] is False
    assert ("no answer" if hangs else "it is away") in second.json["database"]["reason"]
    for name in ("complete_until", "generation", "known_at", "horizon", "audits", "building"):
        assert second.json[name] == before[name]
    assert second.json["lag_seconds"] == before["lag_seconds"] + 120
    assert second.headers[b"footfall-lag-seconds"] == b"125"


async def test_a_database_that_came_back_is_believed_again(
    asking: Asking, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(last_known, "GIVE_UP_SECONDS", 0.1)
    asking.database.hangs = True
    assert (await asking.state())["database"]["answers"] is False
    asking.database.hangs = False
    # What hangs is given up, whoever asks or not.
    async with asyncio.timeout(5):
        while not (await asking.state())["database"]["answers"]:
            await asyncio.sleep(0.01)
    assert (await asking.state())["database"] == {"answers": True}


async def test_however_many_ask_the_database_is_asked_once(asking: Asking) -> None:
    asking.database.hangs = True
    found = await asyncio.gather(*(asking.state() for _ in range(50)))
    assert {one["database"]["answers"] for one in found} == {False}
    assert asking.database.reads == 1


async def test_what_nobody_foresaw_is_told_by_its_kind_alone(
    asking: Asking, caplog: pytest.LogCaptureFixture
) -> None:
    asking.database.error = ValueError("secret")
    found = await asking.state()
    assert found["database"]["reason"] == "could not be asked: ValueError"
    assert "what is known could not be read" in caplog.text


async def test_for_how_long_views_are_kept_is_told_whether_the_database_answers_or_not() -> None:
    asking = Asking(days=400)
    asking.database.error = StoreUnavailable("it is away")
    assert (await asking.state())["retention_days"] == 400


async def test_it_takes_no_parameters(asking: Asking) -> None:
    found = await asking.get("/stats/state", b"site=a")
    assert (found.status, found.faults) == (400, ["site"])
    assert asking.database.reads == 0


def test_a_clock_that_was_set_back_leaves_a_partition_unknown() -> None:
    facts = Facts(3, 0, 0, [checkpoint(0, 1, NOW_MS + 1)], [])
    (found,) = partition_states(facts, {Partition(0): True}, NOW_MS)
    assert (found.complete_ms, found.trouble) == (0, None)


def test_nothing_to_fold_is_no_progress() -> None:
    info = GenerationInfo(Generation(4), "loading", "replay", 0)
    assert built(info, [], []).progress is None
    assert built(info, [checkpoint(0, 9, 0)], [checkpoint(0, 6, 0)]).progress == 1
    # A partition that the live one does not have.
    assert built(info, [checkpoint(1, 9, 0)], [checkpoint(0, 6, 0)]).progress == 0
