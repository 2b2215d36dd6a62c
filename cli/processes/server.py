"""The HTTP server of every role."""

import asyncio
import gc
import logging
import resource
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from socket import socket
from typing import Any

import uvicorn
from litestar import Litestar

from cli.processes.listening import BACKLOG
from web.app import ENDINGS, SHORT_WAY, Ending
from web.server.crowd import Crowd, Told, not_told
from web.server.limits import Limits
from web.server.protocol import Connection
from web.server.usual import Heads

# For what is no client's: the log, the rows, files.
_OTHER_DESCRIPTORS = 128
_TICKS_A_SECOND = 10
# A collection of what has come since the start takes a few milliseconds.
_COLLECT_SECONDS = 30


def server_of(
    app: Litestar, drain_seconds: int, crowd: Crowd | None = None, told: Told = not_told
) -> uvicorn.Server:
    """It answers what is under way for so long after `should_exit`; signals are the role's.

    Of requests that never reach `app` their answers are `told`.
    """
    crowd = crowd or Crowd(Limits(connections=most_connections()), told)
    logging.getLogger("uvicorn.error").addFilter(_NOT_CANCELLED)
    # uvicorn calls what it is given; only its annotation wants a class.
    protocol: Any = partial(Connection, crowd, Heads(app.state.get(SHORT_WAY)))
    return _Server(
        crowd,
        uvicorn.Config(
            app,
            http=protocol,
            # Nothing here is a WebSocket; what looks for a library of them gives advice to install.
            ws="none",
            # Its level is set with all others.
            log_level=None,
            access_log=False,
            server_header=False,
            # It would believe headers of its own choice: web.clients knows whom to believe.
            proxy_headers=False,
            timeout_graceful_shutdown=drain_seconds,
            lifespan="on",
            log_config=None,
            backlog=BACKLOG,
        ),
        app.state.get(ENDINGS, ()),
    )


def most_connections() -> int:
    """How many the descriptors of this process allow, a reserve left for all else.

    A process may open as many as its hard limit says, but has to ask for them.
    """
    most = Limits().connections
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = most + _OTHER_DESCRIPTORS
    if soft != resource.RLIM_INFINITY and soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(hard, wanted)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    if soft == resource.RLIM_INFINITY:
        return most
    return min(most, max(soft - _OTHER_DESCRIPTORS, soft // 4))


class _NotCancelled(logging.Filter):
    """A request that the end of the process cuts off is no error: what ends it says so."""

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        return not isinstance(error, asyncio.CancelledError)


_NOT_CANCELLED = _NotCancelled()


class _Server(uvicorn.Server):
    def __init__(self, crowd: Crowd, config: uvicorn.Config, endings: Sequence[Ending]) -> None:
        super().__init__(config)
        self._crowd = crowd
        self._endings = endings
        self._collected = 0

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        # Its own way ends the process by the signal once more, after everything was answered.
        yield

    async def shutdown(self, sockets: list[socket] | None = None) -> None:
        for end in self._endings:
            end()
        await super().shutdown(sockets)

    async def on_tick(self, counter: int) -> bool:
        if counter % _TICKS_A_SECOND == 0:
            self._crowd.watch(asyncio.get_running_loop().time())
        if counter % (_TICKS_A_SECOND * _COLLECT_SECONDS) == 0:
            self._collect()
        return await super().on_tick(counter)

    def _collect(self) -> None:
        """All generations, where requests were served since: the thresholds never get there."""
        served = self.server_state.total_requests
        if served != self._collected:
            self._collected = served
            gc.collect()
