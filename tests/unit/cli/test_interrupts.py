"""A rebuild that is asked to end does so, whatever it is waiting for."""

import asyncio
import os
import signal

import pytest

from cli.processes.running import Signalled
from cli.wiring import rebuild
from domain.errors import Interrupted, RebuildError
from domain.settings import Settings

EMBEDDED = Settings()
PRODUCTION = Settings(database_url="postgresql+asyncpg://nobody@127.0.0.1/nothing")


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rebuild, "_PATIENCE_SECONDS", 0.05)


class Left(BaseException):
    """In place of the end of the process."""


async def for_ever(signalled: Signalled) -> None:
    """Work that looks at nothing; the signal comes while it does."""
    os.kill(os.getpid(), signal.SIGTERM)
    await asyncio.Event().wait()


async def deaf(signalled: Signalled) -> None:
    """Work that even goes on when it is cancelled, as where a server does not answer."""
    os.kill(os.getpid(), signal.SIGTERM)
    end = asyncio.Event()
    while not end.is_set():
        try:
            async with asyncio.timeout(1.0):
                await end.wait()
        except TimeoutError:
            return
        except asyncio.CancelledError:
            # Or the time-out of Python 3.11.2, Debian 12's, would take itself for this one.
            task = asyncio.current_task()
            assert task is not None
            task.uncancel()


@pytest.mark.usefixtures("impatient")
async def test_in_postgresql_what_is_under_way_is_cancelled() -> None:
    signalled = Signalled()
    with pytest.raises(Interrupted):
        await rebuild._in_time(PRODUCTION, signalled, for_ever(signalled))
    assert signalled.exit_code == 143


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(("settings", "work"), [(EMBEDDED, for_ever), (PRODUCTION, deaf)])
async def test_what_cannot_be_cancelled_ends_with_the_process(
    settings: Settings, work: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    left: list[int] = []

    def leave(code: int) -> None:
        left.append(code)
        raise Left

    monkeypatch.setattr(os, "_exit", leave)
    signalled = Signalled()
    with pytest.raises(Left):
        await rebuild._in_time(settings, signalled, work(signalled))  # type: ignore[operator]
    assert left == [143]


@pytest.mark.usefixtures("impatient")
async def test_a_signal_after_a_lost_lease_is_heard_too() -> None:
    signalled = Signalled()
    signalled.stop.set()
    with pytest.raises(Interrupted):
        await rebuild._in_time(PRODUCTION, signalled, for_ever(signalled))


async def test_what_a_library_cancels_is_no_interruption() -> None:
    async def cancelled() -> None:
        raise asyncio.CancelledError

    with pytest.raises(RebuildError, match="run the command again"):
        await rebuild._in_time(EMBEDDED, Signalled(), cancelled())


async def test_work_that_ends_by_itself_says_what_it_said() -> None:
    async def fails() -> None:
        raise RebuildError("counts differ")

    with pytest.raises(RebuildError, match=r"^counts differ$"):
        await rebuild._in_time(EMBEDDED, Signalled(), fails())
