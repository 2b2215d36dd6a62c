"""Running a role: signals, the lifeline to a parent, and exit codes."""

import asyncio
import gc
import logging
import os
import signal
import sys
from collections.abc import Callable, Coroutine
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import Any

import click
import uvicorn
import uvloop
from litestar import Litestar

from cli.processes.listening import BACKLOG, inherited
from domain.errors import FootfallError, Outdated, SettingsError
from domain.settings import Settings, from_env

logger = logging.getLogger(__name__)

LIFELINE = "FOOTFALL_LIFELINE"
SHUTDOWN_SECONDS = 15
OUTDATED = 3
"""The exit code of a process that a newer Footfall has migrated the database away from.

Starting it again cannot help.
"""

# What calls its argument when the process is to end, for as long as it is open.
Watch = Callable[[Callable[[], None]], AbstractAsyncContextManager[object]]


def settings_or_exit(**overrides: Any) -> Settings:
    """The settings of the environment, `overrides` that are not None in their place.

    A wrong one ends the process with its sentence, exit code 2.
    """
    given = {name: str(value) for name, value in overrides.items() if value is not None}
    try:
        return from_env({**os.environ, **given})
    except SettingsError as error:
        click.echo(f"footfall: {error}", err=True)
        sys.exit(2)


def run(main: Coroutine[Any, Any, int | None]) -> None:
    """Run `main` to its end; its errors become a sentence on stderr and exit code 1.

    `Outdated` has a code of its own.
    """
    try:
        code = uvloop.run(main)
    except Outdated as error:
        click.echo(f"footfall: {error}", err=True)
        sys.exit(OUTDATED)
    except FootfallError as error:
        click.echo(f"footfall: {error}", err=True)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
    sys.exit(code or 0)


def stop_on_signals(stop: Callable[[], None]) -> None:
    """Call `stop` at SIGINT, SIGTERM, or when the process that started this one is gone."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop)
    watch_lifeline(stop)


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


async def serve(app: Litestar, settings: Settings, watch: Watch = lambda _: nullcontext()) -> int:
    """Serve `app` until a signal, or until `watch` ends it; open requests are answered first.

    On the sockets the parent process bound, where it did.
    """
    server = uvicorn.Server(
        uvicorn.Config(
            app,
            host=settings.host,
            port=settings.port,
            log_level=settings.log_level.lower(),
            access_log=False,
            server_header=False,
            # The client address is not used; looking for it in headers costs each request.
            proxy_headers=False,
            timeout_graceful_shutdown=SHUTDOWN_SECONDS,
            lifespan="on",
            log_config=None,
            backlog=BACKLOG,
        )
    )

    def stop() -> None:
        server.should_exit = True

    watch_lifeline(stop)
    # What is loaded by now stays for good: searching it for garbage again and again held requests
    # up for tens of milliseconds.
    gc.collect()
    gc.freeze()
    # A request leaves no cycles behind: searching every 700 objects cost a tenth of the time.
    gc.set_threshold(100_000, 50, 100)
    sockets = inherited()
    if sockets is None:
        logger.info("listening on http://%s:%d", settings.host, settings.port)
    async with watch(stop):
        await server.serve(sockets)
    return 0 if server.started else 1
