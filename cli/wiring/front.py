"""Settings to what stands in front of the door."""

from domain.addresses import Proxies
from domain.settings import Settings
from web.access_log import AccessLog
from web.clients import Clients
from web.cross_origin import CrossOrigin
from web.entrance import Front
from web.rates import Rate


def front_of(settings: Settings) -> Front:
    """How an application meets its clients."""
    clients = Clients(Proxies(settings.trusted_proxies))
    return Front(
        clients,
        _rate("address", settings.rate_limit, quiet=False),
        _rate("key", settings.key_rate_limit, quiet=True),
        CrossOrigin([each for each in settings.cors_origins.split(",") if each]),
        access_log_of(settings),
    )


def access_log_of(settings: Settings) -> AccessLog | None:
    """None where nobody wants one."""
    if not settings.access_log:
        return None
    clients = Clients(Proxies(settings.trusted_proxies))
    return AccessLog(clients.address_of if settings.access_log_addresses else None)


def _rate(name: str, a_second: int, *, quiet: bool) -> Rate | None:
    return Rate(name, a_second, quiet=quiet) if a_second else None
