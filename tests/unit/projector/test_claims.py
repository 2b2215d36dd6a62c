"""Who writes under another's name is told, now and then."""

import pytest

from domain.checkpoint import Checkpoint
from domain.errors import StoreUnavailable
from domain.events import Epoch, Offset, Partition
from domain.projection import Delta, project
from projector.fold.claims import SECONDS_BETWEEN
from projector.fold.place import Place
from tests.factories import TEN, entry, event
from tests.fakes import FakeStore

FAR = 2**62


class Away(FakeStore):
    async def apply(self, checkpoint: Checkpoint, delta: Delta) -> Checkpoint:
        raise StoreUnavailable("refused")


class Folding:
    """A place, and a clock that the test sets."""

    def __init__(self, store: FakeStore) -> None:
        self.seconds = 1_000.0
        self._store = store
        self._offset = 0

    async def begin(self) -> None:
        claim = await self._store.claim(Partition(3), Epoch(1))
        self.place = Place(self._store, claim, lambda: self.seconds)

    async def flush(self, *sequences: int, producer: str = "p1") -> None:
        fold = self.place.fold()
        for sequence in sequences:
            # Each another one, whatever its sequence is.
            at_ms, offset = TEN + self._offset, self._offset
            sent = {"producer": producer, "sequence": sequence, "at_ms": at_ms}
            fold.add(entry(offset, event(at_ms=at_ms), **sent))
            self._offset += 1
        fold.delta.next_offset = Offset(self._offset)
        await self.place.apply(fold.delta)


@pytest.fixture
async def folding() -> Folding:
    found = Folding(FakeStore())
    await found.begin()
    return found


async def test_a_fork_is_told_with_whose_name_it_bears(
    folding: Folding, caplog: pytest.LogCaptureFixture
) -> None:
    await folding.flush(1, 2, 3)
    assert not caplog.records
    await folding.flush(2, 4)
    (said,) = caplog.records
    assert said.levelname == "WARNING"
    assert said.getMessage() == (
        "partition 3: 1 batch counts though its producer had been further (the last of producer "
        "p1). A few are late ones; many are a copy of an ingest machine (start it anew), or "
        "somebody else: look at who may write to the log (docs/guarantees.md)"
    )


async def test_a_jump_is_told(folding: Folding, caplog: pytest.LogCaptureFixture) -> None:
    await folding.flush(1, FAR)
    (said,) = caplog.records
    assert "1 batch leapt ahead" in said.getMessage()


async def test_a_fork_that_goes_on_is_told_once_in_a_while_with_how_many_there_were(
    folding: Folding, caplog: pytest.LogCaptureFixture
) -> None:
    await folding.flush(500)
    for number in range(100):
        await folding.flush(1 + number, producer="p1")
        folding.seconds += SECONDS_BETWEEN / 100
    assert len(caplog.records) == 1
    # All that was not told yet, though nothing new came.
    await folding.flush(600, producer="p2")
    _, said = caplog.records
    assert (
        "partition 3: 99 batches count though their producer had been further (in the last 10 "
        "minutes, the last of producer p1)."
    ) in said.getMessage()
    folding.seconds += SECONDS_BETWEEN
    await folding.flush(601, producer="p2")
    assert len(caplog.records) == 2


async def test_a_name_that_would_be_obeyed_by_a_terminal_is_shown(
    caplog: pytest.LogCaptureFixture,
) -> None:
    place = Place(FakeStore(), await FakeStore().claim(Partition(3), Epoch(1)))
    delta = project([])
    delta.forks, delta.claimed = 1, "p\x1b[2J\n1"
    place.claims.add(delta)
    assert "of producer p\ufffd[2J\ufffd1)." in caplog.records[0].getMessage()


async def test_what_is_not_committed_is_not_told(caplog: pytest.LogCaptureFixture) -> None:
    folding = Folding(Away())
    await folding.begin()
    with pytest.raises(StoreUnavailable):
        await folding.flush(5, 4)
    assert not caplog.records
