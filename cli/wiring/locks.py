"""Settings to the lock on the doors."""

from cli.processes.listening import is_loopback
from cli.wiring.keys import open_keys
from cli.wiring.process import now_ms
from domain.key_ring import Ring
from domain.keys import Caller, public
from domain.settings import Settings
from web.lock import Lock, lock_of, nobody_locks


def lock_for(settings: Settings) -> Lock:
    """The lock of what listens on HOST.

    Without keys this machine is let in, or everybody where OPEN says so; elsewhere nobody is, but
    to what needs no key. Raises `SettingsError` where keys cannot be read.
    """
    if settings.has_keys:
        return lock_of(open_keys(settings), now_ms)
    if settings.open_to_all or is_loopback(settings.host):
        return nobody_locks
    return lock_of(Ring, now_ms)


def nameless_of(settings: Settings) -> Caller:
    """Who comes without a key to where keys are asked for."""
    return public(each for each in settings.public_sites.split(",") if each)
