"""Running a role: signals, the lifeline to a parent, and exit codes."""

import asyncio
import gc
import logging
import os
import signal
import sys
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any

import click
import uvicorn
import uvloop
from litestar import Litestar

from cli.processes.folder import require_folder
from cli.processes.listening import (
    BACKLOG,
    Sockets,
    address_of,
    inherited,
    listening,
    port_of,
)
from domain.errors import FootfallError, SettingsError
from domain.settings import Settings, from_env

logger = logging.getLogger(__name__)

LIFELINE = "FOOTFALL_LIFELINE"
SHUTDOWN_SECONDS = 15


def read_settings_or_exit(**overrides: Any) -> Settings:
    """The settings of the environment, `overrides` that are not None in their place.

    Wrong ones end the process with a sentence each, exit code 2.
    """
    given = {name: str(value) for name, value in overrides.items() if value is not None}
    try:
        return from_env({**os.environ, **given})
    except SettingsError as error:
        for sentence in error.sentences:
            click.echo(f"footfall: {sentence}", err=True)
        sys.exit(2)


def settings_or_exit(**overrides: Any) -> Settings:
    """The same; a folder for embedded files that cannot be used ends it too, exit code 1."""
    settings = read_settings_or_exit(**overrides)
    try:
        require_folder(settings)
    except FootfallError as error:
        click.echo(f"footfall: {error}", err=True)
        sys.exit(1)
    return settings


def run(main: Coroutine[Any, Any, int | None]) -> None:
    """Run `main` to its end; its errors become a sentence on stderr and exit code 1."""
    try:
        code = uvloop.run(main)
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


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        # Its own way ends the process by the signal once more, after everything was answered.
        yield


async def serve(app: Litestar, settings: Settings) -> int:
    """Serve `app` until a signal; open requests are answered first.

    On the sockets the parent process bound, where it did. Raises `SettingsError` where nothing
    can listen.
    """
    sockets = inherited()
    if sockets is not None:
        return await _serve_on(sockets, app, settings)
    with listening(settings.host, settings.port, workers=1) as listeners:
        address = address_of(settings.host, port_of(listeners))
        logger.info("listening on %s", address)
        return await _serve_on(listeners[0], app, settings)


async def _serve_on(sockets: Sockets, app: Litestar, settings: Settings) -> int:
    server = _Server(
        uvicorn.Config(
            app,
            # Its level is set with all others.
            log_level=None,
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

    stop_on_signals(stop)
    # What is loaded by now stays for good: searching it for garbage again and again held requests
    # up for tens of milliseconds.
    gc.collect()
    gc.freeze()
    # A request leaves no cycles behind: searching every 700 objects cost a tenth of the time.
    gc.set_threshold(100_000, 50, 100)
    await server.serve(sockets)
    return 0 if server.started else 1
