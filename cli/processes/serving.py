"""A role that answers over HTTP until it is told to stop.

Apart from `running.py`: verbs that serve nothing do not load what HTTP takes.
"""

import gc
import logging
from contextlib import nullcontext

from litestar import Litestar

from cli.processes.ending import DRAIN_SECONDS
from cli.processes.listening import Sockets, address_of, listening, port_of
from cli.processes.places import inherited
from cli.processes.running import Watch, stop_on_signals
from cli.processes.server import server_of
from cli.processes.turning import told_when_blocked
from cli.wiring.front import access_log_of
from domain.settings import Settings
from web.server.crowd import not_told

logger = logging.getLogger(__name__)


async def serve(app: Litestar, settings: Settings, watch: Watch = lambda _: nullcontext()) -> int:
    """Serve `app` until a signal, or until `watch` ends it; open requests are answered first.

    On the sockets the parent process bound, where it did. Raises `SettingsError` where nothing
    can listen.
    """
    sockets = inherited()
    if sockets is not None:
        return await _serve_on(sockets, app, settings, watch)
    with listening(settings.host, settings.port, workers=1) as listeners:
        address = address_of(settings.host, port_of(listeners))
        logger.info("listening on %s", address)
        return await _serve_on(listeners[0], app, settings, watch)


async def _serve_on(sockets: Sockets, app: Litestar, settings: Settings, watch: Watch) -> int:
    access_log = access_log_of(settings)
    told = access_log.refused if access_log else not_told
    server = server_of(app, DRAIN_SECONDS, told=told)

    def stop() -> None:
        server.should_exit = True

    stop_on_signals(stop)
    # What is loaded by now stays for good: searching it for garbage again and again held requests
    # up for tens of milliseconds.
    gc.collect()
    gc.freeze()
    # A request leaves no cycles behind: searching every 700 objects cost a tenth of the time.
    gc.set_threshold(100_000, 50, 100)
    async with watch(stop):
        with told_when_blocked():
            await server.serve(sockets)
    return 0 if server.started else 1
