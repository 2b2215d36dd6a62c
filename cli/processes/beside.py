"""A small HTTP server beside a role that does something else."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from litestar import Litestar

from cli.processes.listening import listening
from cli.processes.server import server_of


@asynccontextmanager
async def serving(app: Litestar, host: str, port: int) -> AsyncIterator[None]:
    """`app` answers for the time of the block. Raises `SettingsError` where the port is taken."""
    with listening(host, port, 1) as (sockets,):
        server = server_of(app, drain_seconds=1)
        task = asyncio.create_task(server.serve(sockets), name="health")
        try:
            yield
        finally:
            server.should_exit = True
            await task
