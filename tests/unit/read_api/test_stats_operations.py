"""GET /stats/operations answers in time, whatever the database and the log do."""

import asyncio
from collections.abc import Callable
from typing import Any

import jsonschema_rs
import pytest

from domain.checkpoint import Bounds
from domain.clocks import Known
from domain.errors import LogUnavailable, StoreUnavailable
from domain.events import Generation, Hour, Offset, Partition
from domain.generations import GenerationInfo
from domain.keys import ANYBODY, Caller, Right
from domain.operations import Days, Operations
from domain.ownership import Ownership
from read_api.stats import last_known, log_ends
from read_api.stats.log_ends import LogEnds
from read_api.stats.openapi import PATHS
from read_api.stats.operations import operations_route
from tests.fakes import FakeLog
from tests.unit.read_api.stats_site import NOW_MS, Answered, Site
from tests.unit.read_api.test_stats_state import STOPPED, TOTALS, checkpoint, state
from web.app import create_app
from web.refused import Refusals

PATH = "/stats/operations"
ONE, TWO = "host-a-1", "host-b-2"


def operations(days: Days | None = None) -> Operations:
    """As `test_stats_state` has it: one partition is folded, one has stopped, one is nobody's."""
    found = state()
    assert found.building
    three = GenerationInfo(
        Generation(3), "live", "replay", NOW_MS - 9_000, complete_ms=NOW_MS - 4_500,
        agent_lists="list 1\nlist 2", carried_before=Hour(480_100), carried_views=7,
    )  # fmt: skip
    two = GenerationInfo(Generation(2), "previous", "", 0, kept_until_ms=NOW_MS + 9_000)
    return Operations(
        state=found,
        generations=[two, three, found.building.info],
        checkpoints={
            Generation(3): found.facts.checkpoints,
            Generation(4): [checkpoint(0, 73, 0, 4)],
        },
        ownership=Ownership(
            {Partition(0): ONE, Partition(1): ONE, Partition(2): None}, [ONE, TWO], {ONE: "0.3.0"}
        ),
        heard_ms={ONE: NOW_MS - 1_250, TWO: NOW_MS + 5},
        jobs={"retention": None, "replay": TWO},
        known=Known(NOW_MS - 60_000, ahead_ms=5_000),
        days=days or Days(),
    )


class Log(FakeLog):
    """Has the offsets 10 … 99 of each partition; refuses or hangs, as it is told."""

    def __init__(self) -> None:
        super().__init__()
        self.error: Exception | None = None
        self.hangs = False
        self.asked = 0
        self.end = 100
        self.closed = False

    async def bounds(self, partition: Partition) -> Bounds:
        self.asked += 1
        if self.hangs:
            await asyncio.Event().wait()
        if self.error:
            raise self.error
        return Bounds(Offset(10), Offset(self.end))

    async def close(self) -> None:
        self.closed = True


class Asking(Site):
    """The application over both."""

    def __init__(
        self,
        refusals: Refusals | None = None,
        caller: Caller = ANYBODY,
        found: Callable[[], Operations] = operations,
    ) -> None:
        self.log = Log()
        self.opened = 0
        self.error: Exception | None = None
        self.found = found
        self.ends = LogEnds(self._open, lambda: self.now_ms)
        route = operations_route(self._read, self.ends, lambda: self.now_ms, 3, 400, refusals)
        super().__init__(handlers=[route])
        self.app = create_app([route], {}, {}, lock=lambda _: caller)

    def _open(self) -> Log:
        self.opened += 1
        return self.log

    async def _read(self) -> Operations:
        if self.error:
            raise self.error
        return self.found()

    async def told(self) -> Any:
        return (await self.answered()).json

    async def answered(self) -> Answered:
        found = await self.get(PATH)
        assert found.status == 200, found.body
        assert found.headers[b"cache-control"] == b"no-store"
        schema = PATHS[PATH]["get"]["responses"]["200"]["content"]["application/json"]
        jsonschema_rs.validator_for(schema["schema"]).validate(found.json)
        return found


@pytest.fixture
def asking(monkeypatch: pytest.MonkeyPatch) -> Asking:
    monkeypatch.setattr(last_known, "WAIT_SECONDS", 0.05)
    monkeypatch.setattr(log_ends, "WAIT_SECONDS", 0.05)
    return Asking()


async def test_all_that_is_known_is_told(asking: Asking) -> None:
    found = await asking.told()
    partitions = found.pop("partitions")
    none = {"events": 0, "views": 0, "duplicates": 0, "forks": 0, "jumps": 0}
    assert partitions == [
        {"partition": 0, "state": "folding", "owner": ONE, "folded_to": 60, "behind": 40,
         "log_first": 10, "log_end": 100, "complete_until": "2025-07-16T12:34:55.500Z",
         "lag_seconds": 1, "stopped": False, "reason": None, "since": None, "stands_still": None,
         **none},
        {"partition": 1, "state": "stopped", "owner": ONE, "folded_to": 40, "behind": 60,
         "log_first": 10, "log_end": 100, "complete_until": "2025-07-16T12:34:51.500Z",
         "lag_seconds": 5, "stopped": True, "reason": "newer-format", "since": STOPPED,
         "stands_still": f"stopped since {STOPPED}: a batch of format 3", **none},
        # It was never claimed: what the log has lost is not waited for.
        {"partition": 2, "state": "unheld", "owner": None, "folded_to": 0, "behind": 90,
         "log_first": 10, "log_end": 100, "complete_until": None, "lag_seconds": None,
         "stopped": False, "reason": "unheld", "since": None,
         "stands_still": "waits: no projector folds it: start one (footfall projector)", **none},
    ]  # fmt: skip
    two, three, four = found.pop("generations")
    assert (two["state"], two["keep_until"]) == ("previous", "2025-07-16T12:35:05Z")
    assert three == {
        "generation": 3, "state": "live", "purpose": "replay", "created": "2025-07-16T12:34:47Z",
        "complete_until": "2025-07-16T12:34:51.500Z", "views": 7, "expired_views": 0,
        "page_rules": "", "agent_lists": ["list 1", "list 2"],
        "carried_before": "2024-10-08T04:00:00Z", "keep_until": None,
    }  # fmt: skip
    assert (four["generation"], four["state"], four["keep_until"]) == (4, "loading", None)
    assert found == {
        "known_at": "2025-07-16T12:34:56.000Z",
        "database": {"answers": True},
        "log": {"answers": True},
        "generation": 3,
        "complete_until": "2025-07-16T12:34:51.500Z",
        "lag_seconds": 5,
        "horizon": "2024-10-04T00:00:00Z",
        "behind": 190,
        "projectors": [
            {"name": ONE, "version": "0.3.0", "partitions": [0, 1], "seen_seconds_ago": 1.25},
            {"name": TWO, "version": None, "partitions": [], "seen_seconds_ago": 0},
        ],
        "building": {
            "generation": 4, "state": "loading", "purpose": "replay", "phase": "loading",
            "since": TOTALS, "done": 73, "total": 100, "progress": 0.73, "held_by": TWO,
        },
        "retention": {
            "days": 400, "horizon": "2024-10-04T00:00:00Z",
            "believed_until": "2025-07-16T12:33:56Z", "clock_ahead_seconds": 5,
        },
        "jobs": [{"name": "replay", "owner": TWO}, {"name": "retention", "owner": None}],
        "audits": [
            {"generation": 2, "kind": "totals", "at": "1970-01-01T00:00:00Z", "difference": 9},
            {"generation": 3, "kind": "totals", "at": TOTALS, "difference": -12},
        ],
        "dead_letters": {"letters": 2, "by_clock": 1, "by_reason": {"bytes": 1, "clock": 1}},
        "refused": None,
    }  # fmt: skip


async def test_days_are_counted_while_it_is_added_up() -> None:
    def adding_up() -> Operations:
        found = operations(Days(30, 120))
        assert found.state.building
        info = GenerationInfo(Generation(4), "catching-up", "replay", 0)
        return Operations(
            **{each: getattr(found, each) for each in found.__struct_fields__ if each != "state"},
            state=type(found.state)(
                found.state.watermark,
                found.state.facts,
                found.state.partitions,
                type(found.state.building)(info, 100, 100),
            ),
        )

    told = (await Asking(found=adding_up).told())["building"]
    assert (told["phase"], told["done"], told["total"]) == ("adding-up", 30, 120)
    assert told["progress"] == 0.25


async def test_what_this_process_refused_is_told() -> None:
    found = await Asking(Refusals(NOW_MS)).told()
    assert found["refused"] == {"since": "2025-07-16T12:34:56Z", "by_reason": {}}


@pytest.mark.parametrize("hangs", [False, True])
async def test_a_silent_log_leaves_its_numbers_unknown(asking: Asking, hangs: bool) -> None:
    asking.log.hangs, asking.log.error = hangs, LogUnavailable("the broker is away")
    first = await asking.told()
    asking.now_ms += 60_000
    found = await asking.told()
    reason = "the log: no answer within 2 s" if hangs else "the broker is away"
    assert found["log"] == {"answers": False, "since": "2025-07-16T12:34:56Z", "reason": reason}
    assert first["log"] == found["log"]
    assert found["behind"] is None
    assert [one["state"] for one in found["partitions"]] == ["unknown", "stopped", "unheld"]
    for name in ("behind", "log_first", "log_end"):
        assert [one[name] for one in found["partitions"]] == [None] * 3
    assert found["database"] == {"answers": True}
    await asking.ends.close()
    assert asking.log.closed


async def test_a_log_that_answers_again_is_asked_after_a_while(
    asking: Asking, monkeypatch: pytest.MonkeyPatch
) -> None:
    asking.log.error = LogUnavailable("the broker is away")
    assert (await asking.told())["behind"] is None
    asking.log.error = None
    # What was found is held, good or bad.
    assert (await asking.told())["behind"] is None
    assert asking.log.asked == 3
    monkeypatch.setattr(log_ends, "HOLD_SECONDS", 0)
    asking.ends = LogEnds(lambda: asking.log, lambda: asking.now_ms)
    found = await asking.ends.of([Partition(0)])
    assert (found.silence, found.bounds[Partition(0)].end) == (None, 100)
    asking.log.end = 101
    assert (await asking.ends.of([Partition(0)])).bounds[Partition(0)].end == 101


async def test_however_many_ask_the_log_is_asked_once_and_opened_once(asking: Asking) -> None:
    assert asking.opened == 0
    await asyncio.gather(*(asking.told() for _ in range(50)))
    assert (asking.opened, asking.log.asked) == (1, 3)


async def test_what_nobody_foresaw_of_the_log_is_told_by_its_kind_alone(
    asking: Asking, caplog: pytest.LogCaptureFixture
) -> None:
    asking.log.error = ValueError("secret")
    found = await asking.told()
    assert found["log"]["reason"] == "the log could not be asked: ValueError"
    assert "the ends of the log could not be read" in caplog.text


async def test_a_log_that_cannot_be_opened_is_one_that_does_not_answer(asking: Asking) -> None:
    def open_() -> Log:
        raise LogUnavailable("its address cannot be read")

    ends = LogEnds(open_, lambda: asking.now_ms)
    found = await ends.of([Partition(0)])
    assert found.silence is not None
    assert found.silence.reason == "its address cannot be read"
    await ends.close()


async def test_a_silent_database_is_told_with_what_was_known(asking: Asking) -> None:
    before = await asking.told()
    asking.error = StoreUnavailable("the database is away")
    asking.now_ms += 60_000
    found = await asking.told()
    assert found["database"] == {
        "answers": False, "since": "2025-07-16T12:35:56Z", "reason": "the database is away",
    }  # fmt: skip
    assert found["lag_seconds"] == before["lag_seconds"] + 60
    assert found["projectors"][0]["seen_seconds_ago"] == 61.25
    for name in ("generations", "building", "jobs", "behind", "known_at", "log"):
        assert found[name] == before[name]


async def test_what_is_not_known_is_null_or_empty(asking: Asking) -> None:
    asking.error = StoreUnavailable("the database is away")
    found = await asking.told()
    assert found["database"]["answers"] is False
    assert found["log"] == {"answers": True}
    for name in ("known_at", "generation", "complete_until", "behind", "building", "dead_letters"):
        assert found[name] is None
    for name in ("partitions", "projectors", "generations", "jobs", "audits"):
        assert found[name] == []
    assert found["retention"] == {
        "days": 400, "horizon": None, "believed_until": None, "clock_ahead_seconds": 0,
    }  # fmt: skip


async def test_it_is_for_whoever_runs_the_service() -> None:
    reader = Caller("k", frozenset({Right.READ, Right.INGEST}))
    assert (await Asking(caller=reader).get(PATH)).status == 403
    assert (await Asking(caller=Caller("k", frozenset({Right.ADMIN}))).get(PATH)).status == 200


async def test_it_takes_no_parameters(asking: Asking) -> None:
    found = await asking.get(PATH, b"site=a")
    assert (found.status, found.faults) == (400, ["site"])
    assert asking.log.asked == 0
