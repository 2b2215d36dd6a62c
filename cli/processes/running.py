"""Running a role: signals, the lifeline to a parent, and exit codes."""

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Callable, Coroutine
from contextlib import AbstractAsyncContextManager
from typing import Any

import uvloop

from cli.output.saying import say
from cli.processes.ending import DRAIN_SECONDS, LAST_SECONDS, end_within
from cli.processes.folder import require_folder
from cli.wiring.process import configure_logging
from domain.errors import FootfallError, Outdated, SettingsError
from domain.settings import Settings, from_env

logger = logging.getLogger(__name__)

LIFELINE = "FOOTFALL_LIFELINE"
OUTDATED = 3
"""The exit code of a process that a newer Footfall has migrated the database away from.

Starting it again cannot help.
"""

# What calls its argument when the process is to end, for as long as it is open.
Watch = Callable[[Callable[[], None]], AbstractAsyncContextManager[object]]


def read_settings_or_exit(**overrides: Any) -> Settings:
    """The settings of the environment, `overrides` that are not None in their place, and log lines.

    Wrong ones end the process with a sentence each, exit code 2.
    """
    given = {name: str(value) for name, value in overrides.items() if value is not None}
    try:
        settings = from_env({**os.environ, **given})
    except SettingsError as error:
        for sentence in error.sentences:
            say(f"footfall: {sentence}", err=True)
        sys.exit(2)
    configure_logging(settings)
    return settings


def settings_or_exit(**overrides: Any) -> Settings:
    """The same; a folder for embedded files that cannot be used ends it too, exit code 1."""
    settings = read_settings_or_exit(**overrides)
    try:
        require_folder(settings)
    except FootfallError as error:
        say(f"footfall: {error}", err=True)
        sys.exit(1)
    return settings


def run(main: Coroutine[Any, Any, int | None]) -> None:
    """Run `main` to its end; its errors become a sentence on stderr and exit code 1.

    `Outdated` has a code of its own.
    """
    try:
        code = uvloop.run(_to_the_end(main))
    except Outdated as error:
        say(f"footfall: {error}", err=True)
        sys.exit(OUTDATED)
    except FootfallError as error:
        say(f"footfall: {error}", err=True)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
    sys.exit(code or 0)


async def _to_the_end(main: Coroutine[Any, Any, int | None]) -> int | None:
    """What `main` returns or raises; Ctrl-C cancels it, and ends the process if that takes long."""
    working = asyncio.ensure_future(main)
    try:
        await asyncio.wait({working})
    except asyncio.CancelledError:
        end_within(LAST_SECONDS, 128 + signal.SIGINT)
        working.cancel()
        await asyncio.wait({working})
        raise
    return working.result()


def stop_on_signals(
    stop: Callable[[], None], seconds: float = DRAIN_SECONDS + LAST_SECONDS
) -> None:
    """Call `stop` at SIGINT, SIGTERM, or when the process that started this one is gone.

    After so many `seconds` the process ends, with the exit code of one that has drained.
    """

    def stop_in_time() -> None:
        end_within(seconds, 0)
        stop()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop_in_time)
    watch_lifeline(stop_in_time)


async def unless_stopped(stop: asyncio.Event, beginning: Coroutine[Any, Any, Any]) -> bool:
    """What comes before the work, given up when told to stop: False then."""
    working = asyncio.ensure_future(beginning)
    stopping = asyncio.ensure_future(stop.wait())
    await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if not working.done():
        working.cancel()
        await asyncio.wait({working}, timeout=LAST_SECONDS)
        return False
    working.result()
    return not stop.is_set()


class Signalled:
    """Which signal asked for the end (0: none did); `heard` is set then, and `stop`.

    Others may set `stop`, a lease that is lost for one; only signals are `heard`.
    A second one ends the process as if nobody were listening.
    """

    def __init__(self) -> None:
        self.stop = asyncio.Event()
        self.heard = asyncio.Event()
        self.number = 0
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, self._end, number)

    @property
    def exit_code(self) -> int:
        """What a shell expects."""
        return 128 + self.number

    def _end(self, number: signal.Signals) -> None:
        self.number = number
        self.stop.set()
        self.heard.set()
        for heard in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().remove_signal_handler(heard)


def watch_lifeline(stop: Callable[[], None]) -> None:
    """Call `stop` when the other end of the inherited pipe closes: the parent died."""
    descriptor = os.environ.get(LIFELINE, "")
    if not descriptor.isdigit():
        return
    loop = asyncio.get_running_loop()
    number = int(descriptor)

    def gone() -> None:
        loop.remove_reader(number)
        logger.warning("the parent process is gone, stopping")
        stop()

    loop.add_reader(number, gone)
