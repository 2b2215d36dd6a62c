"""The parts of what is told of operations."""

from contextlib import AsyncExitStack
from functools import partial

from litestar.handlers import ASGIRouteHandler

from cli.wiring.process import now_ms
from domain.settings import Settings
from log.opening import open_reader
from read_api.stats.log_ends import LogEnds
from read_api.stats.operations import operations_route
from rows.opening import Rows
from web.refused import Refusals


def operations(
    settings: Settings, rows: Rows, refused: Refusals | None, stack: AsyncExitStack
) -> ASGIRouteHandler:
    """The handler; the log is opened by whoever asks first, and closed with the `stack`."""
    ends = LogEnds(partial(open_reader, settings), now_ms)
    stack.push_async_callback(ends.close)
    return operations_route(
        rows.operations.operations,
        ends,
        now_ms,
        settings.num_partitions,
        settings.retention_days,
        refused,
    )
