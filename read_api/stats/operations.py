"""GET /stats/operations: how the service is run, read only."""

from collections.abc import Awaitable, Callable

from litestar.handlers import ASGIRouteHandler
from litestar.types import Receive, Scope

from domain.events import Partition
from domain.keys import Right
from domain.operations import Operations as Found
from domain.ports.common import Clock
from read_api.stats.last_known import LastKnown
from read_api.stats.log_ends import LogEnds
from read_api.stats.operated import told_operations
from read_api.stats.state import refuse_parameters, told_refused
from web.access import Access
from web.app import route
from web.problems import Answer, answer
from web.refused import Refusals

PATH = "/stats/operations"


def operations_route(
    read: Callable[[], Awaitable[Found]],
    ends: LogEnds,
    clock: Clock,
    num_partitions: int,
    retention_days: int,
    refusals: Refusals | None = None,
) -> ASGIRouteHandler:
    """Its handler, for whoever runs the service: it answers 200 whatever database and log do.

    A key of some sites never has the right for it.
    """
    known = LastKnown(read, clock)

    async def operations(scope: Scope, _: Receive) -> Answer:
        refuse_parameters(PATH, scope["query_string"])
        # The checkpoints first, or the fold would seem to be beyond the end of the log.
        seen = await known.seen()
        partitions = {*map(Partition, range(num_partitions))}
        if seen.found:
            partitions |= {one.partition for one in seen.found.state.partitions}
        told = told_operations(seen, await ends.of(sorted(partitions)), retention_days)
        told.refused = told_refused(refusals)
        return answer(told, headers=[(b"cache-control", b"no-store")])

    return route(PATH, "GET", operations, access=Access(Right.ADMIN))
