"""Settings to the doors of views."""

from collections.abc import Sequence

from litestar.handlers import ASGIRouteHandler

from cli.wiring.process import now_ms
from domain.addresses import Proxies
from domain.agents.keeping import Keeping
from domain.guard import share
from domain.ports.retention import KeptFrom
from domain.settings import Settings
from domain.sites import Sites
from ingest.appender import Appender
from ingest.doors.routes import Entry, door_routes
from ingest.doors.way_in import WayIn
from ingest.faults import Limits
from ingest.requests import limits
from web.clients import Clients
from web.refused import Noted


def doors(
    settings: Settings, appender: Appender, keeping: Keeping, kept: KeptFrom, noted: Noted
) -> Sequence[ASGIRouteHandler]:
    """The handlers of all of them; what is `kept` by the rows may be told."""
    sites, partitions = Sites(settings.sites), settings.num_partitions

    def accepted() -> Limits:
        return limits(now_ms(), settings.retention_days, kept())

    entry = Entry(
        appender,
        WayIn(sites, settings.page_query, partitions, keeping.text_of),
        now_ms,
        accepted,
        # Each partition counts for itself.
        share(settings.max_new_pages, partitions),
        noted,
        Clients(Proxies(settings.trusted_proxies)),
    )
    return door_routes(entry, settings.request_timeout_ms / 1_000)
