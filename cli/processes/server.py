"""The HTTP server of every role."""

from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from litestar import Litestar

from cli.processes.listening import BACKLOG


def server_of(app: Litestar, drain_seconds: int) -> uvicorn.Server:
    """It answers what is under way for so long after `should_exit`; signals are the role's."""
    return _Server(
        uvicorn.Config(
            app,
            # Its level is set with all others.
            log_level=None,
            access_log=False,
            server_header=False,
            # The client address is not used; looking for it in headers costs each request.
            proxy_headers=False,
            timeout_graceful_shutdown=drain_seconds,
            lifespan="on",
            log_config=None,
            backlog=BACKLOG,
        )
    )


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        # Its own way ends the process by the signal once more, after everything was answered.
        yield
