"""A small HTTP server beside a role that does something else."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import uvicorn
from litestar import Litestar

from cli.processes.listening import listening


class _Server(uvicorn.Server):
    """The role beside it hears the signals."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def serving(app: Litestar, host: str, port: int) -> AsyncIterator[None]:
    """`app` answers for the time of the block. Raises `SettingsError` where the port is taken."""
    config = uvicorn.Config(
        app,
        # Its level is set with all others.
        log_level=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=1,
        lifespan="on",
        log_config=None,
    )
    with listening(host, port, 1) as (sockets,):
        server = _Server(config)
        task = asyncio.create_task(server.serve(sockets), name="health")
        try:
            yield
        finally:
            server.should_exit = True
            await task
