"""Settings to the dashboard."""

from collections.abc import Sequence

from litestar.handlers import ASGIRouteHandler

from dashboard.files import sources
from dashboard.routes import dashboard_routes
from dashboard.signing_in import sign_in_routes
from domain.addresses import Proxies
from domain.settings import Settings
from web.clients import Clients
from web.lock import Lock


def dashboard(settings: Settings, lock: Lock) -> Sequence[ASGIRouteHandler]:
    """The handlers of the page, and of signing in to it with keys that open the `lock`."""
    found, clients = sources(), Clients(Proxies(settings.trusted_proxies))
    seconds = settings.request_timeout_ms / 1_000
    return [*dashboard_routes(found), *sign_in_routes(found, lock, clients, seconds)]
