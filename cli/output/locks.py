"""What footfall check says of the locks on the HTTP doors."""

import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path

from cli.output.keys import is_soon_over
from cli.processes.listening import is_for_others
from domain.hours import as_moment
from domain.key_ring import Key, Ring
from domain.keys import Right
from domain.settings import Settings
from domain.shown import printable

_READ_BY_OTHERS = 0o007
_WRITTEN_BY_OTHERS = 0o022
_MISSING = {
    Right.INGEST: "views come from browsers alone",
    Right.READ: "reports and statistics are for administrators alone",
    Right.ADMIN: "/metrics and what is stopped is told to nobody",
}


def open_lines(settings: Settings) -> Iterator[str]:
    """Where there are no keys: who comes in."""
    if settings.open_to_all:
        yield (
            f"NOTE  locks: OPEN is true: whoever reaches {settings.host} may append views, read "
            "everything and ask /metrics, without a key"
        )
    elif is_for_others(settings.host):
        yield (
            f"WARN  locks: there are no keys and HOST is {settings.host}: no role that serves "
            "starts there before footfall key new has made some, or OPEN is true"
        )
    else:
        yield f"OK    locks (HOST is {settings.host}: this machine alone comes in, without a key)"


def key_lines(keys: Sequence[Key], now_ms: int) -> Iterator[str]:
    """What the keys open, and what nobody has a key to."""
    good = [key for key in keys if not key.fault(now_ms)]
    ring = Ring(good)
    yield (
        f"OK    locks ({_count(len(good))}: appending needs the right ingest, reading read, "
        "/metrics admin; views from browsers, /health, /ready and /schema need none)"
    )
    for right, so in _MISSING.items():
        if not ring.opens(right, now_ms):
            yield f"NOTE  locks: no key has the right {right.value}: {so}"
    for key in good:
        if key.expires_ms is not None and is_soon_over(key, now_ms):
            named = printable(f"{key.id} ({key.name})" if key.name else key.id)
            yield (
                f"NOTE  key {named} expires at {as_moment(key.expires_ms)}: make another with "
                "footfall key new"
            )


def public_lines(settings: Settings) -> Iterator[str]:
    """What nobody needs a key for."""
    if settings.public_sites:
        named = printable(settings.public_sites.replace(",", ", "))
        yield f"NOTE  locks: PUBLIC_SITES: whoever comes reads the numbers of {named} without a key"


def file_lines(path: Path) -> Iterator[str]:
    """Who else could change the keys, or see what there is."""
    mode, name = path.stat().st_mode, shlex.quote(str(path))
    if mode & _WRITTEN_BY_OTHERS:
        yield f"WARN  KEYS_FILE: others may write to it, and so make keys: chmod 600 {name}"
    elif mode & _READ_BY_OTHERS:
        yield (
            "NOTE  KEYS_FILE: others may read it: no secret is in it, but names and sites: "
            f"chmod 600 {name}"
        )


def _count(keys: int) -> str:
    return f"{keys} key{'' if keys == 1 else 's'}"
