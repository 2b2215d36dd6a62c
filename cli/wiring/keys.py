"""Settings to keys, and the refusal to stand open to everybody."""

import logging
import sys
import time
from collections.abc import Sequence

from cli.output.saying import say
from cli.processes.keys_file import KeysFile
from cli.processes.listening import is_for_others
from domain.errors import SettingsError
from domain.key_ring import Key, Keys, Ring, keys_of_variable
from domain.keys import Right
from domain.settings import Settings

logger = logging.getLogger(__name__)

_CONTRADICTION = (
    "OPEN is true and there are keys: take OPEN away, or KEYS_FILE, INGEST_KEY, READ_KEY and "
    "ADMIN_KEY"
)
_NOT_ONLY_THESE = (
    "PUBLIC_SITES is set and there are no keys, so that whoever comes in reads of all sites: make "
    "keys with footfall key new (KEYS_FILE), or take PUBLIC_SITES away"
)
_OPEN = (
    "HOST is {!r}, where others than this machine come in, and there are no keys: make some with "
    "footfall key new (KEYS_FILE), or set OPEN=true to let everybody in, or HOST=127.0.0.1"
)


def open_keys(settings: Settings) -> Keys:
    """The keys of the file and the variables. Raises `SettingsError`."""
    others = variable_keys(settings)
    if settings.keys_file is None:
        ring = Ring(others)
        return lambda: ring
    return KeysFile(settings.keys_file, others, time.monotonic).ring


def variable_keys(settings: Settings) -> Sequence[Key]:
    """The keys of the variables. Raises `SettingsError`."""
    return [
        *keys_of_variable("INGEST_KEY", settings.ingest_key, Right.INGEST),
        *keys_of_variable("READ_KEY", settings.read_key, Right.READ),
        *keys_of_variable("ADMIN_KEY", settings.admin_key, Right.ADMIN),
    ]


def all_keys(settings: Settings) -> Sequence[Key]:
    """Those of both, as they are now. Raises `SettingsError`."""
    return open_keys(settings)().keys


def require_readable(settings: Settings) -> None:
    """Raises `SettingsError` where keys cannot be read, are not to be asked for, or are missing
    though only some sites are to be read without one."""
    if settings.has_keys:
        if settings.open_to_all:
            raise SettingsError(_CONTRADICTION)
        open_keys(settings)
    elif settings.public_sites:
        raise SettingsError(_NOT_ONLY_THESE)


def require_lock(settings: Settings) -> None:
    """The same, and where there are no keys, others than this machine come in, and nobody has said
    that they may."""
    require_readable(settings)
    if not settings.has_keys and not settings.open_to_all and is_for_others(settings.host):
        raise SettingsError(_OPEN.format(settings.host))


def locked_or_exit(settings: Settings) -> None:
    """The same; it ends the process with a sentence, exit code 2. What stands open is logged."""
    try:
        require_lock(settings)
    except SettingsError as error:
        for sentence in error.sentences:
            say(f"footfall: {sentence}", err=True)
        sys.exit(2)
    if settings.open_to_all and is_for_others(settings.host):
        logger.warning("OPEN is true: whoever reaches %s may append and read all", settings.host)
