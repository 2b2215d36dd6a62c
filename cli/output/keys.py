"""Keys for people, without what they hash."""

from collections.abc import Iterator, Mapping, Sequence

from domain.hours import as_moment
from domain.key_ring import Key
from domain.keys import Right
from domain.shown import printable

_HEADER = ("id", "rights", "sites", "created", "state", "name")
_DAY_MS = 86_400_000
_SOON_MS = 14 * _DAY_MS


def key_table(keys: Sequence[Key], now_ms: int) -> Iterator[str]:
    """A line a key."""
    if not keys:
        yield "there are no keys: footfall key new makes one"
        return
    rows = [_HEADER, *(_row(key, now_ms) for key in keys)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip()


def as_documents(keys: Sequence[Key], now_ms: int) -> Sequence[Mapping[str, object]]:
    """The same for machines."""
    return [
        {
            "id": key.id,
            "name": key.name,
            "rights": rights_of(key),
            "sites": None if key.sites is None else sorted(key.sites),
            "created": _moment(key.created_ms),
            "expires": _moment(key.expires_ms),
            "revoked": _moment(key.revoked_ms),
            "opens": key.fault(now_ms) is None,
        }
        for key in keys
    ]


def rights_of(key: Key) -> Sequence[str]:
    """Their names, in one order."""
    return [right.value for right in Right if right in key.rights]


def is_soon_over(key: Key, now_ms: int) -> bool:
    """Is it good now, and not for two weeks more?"""
    if key.expires_ms is None or key.fault(now_ms):
        return False
    return key.expires_ms - now_ms < _SOON_MS


def _row(key: Key, now_ms: int) -> Sequence[str]:
    sites = "all" if key.sites is None else ",".join(sorted(key.sites))
    created = _moment(key.created_ms) or "-"
    shown = (key.id, ",".join(rights_of(key)), sites, created, _state(key, now_ms), key.name)
    return [printable(text) for text in shown]


def _state(key: Key, now_ms: int) -> str:
    if key.revoked_ms is not None:
        return f"revoked {as_moment(key.revoked_ms)}"
    if key.expires_ms is None:
        return "good"
    return f"{'expired' if key.fault(now_ms) else 'until'} {as_moment(key.expires_ms)}"


def _moment(at_ms: int | None) -> str | None:
    return None if at_ms is None else as_moment(at_ms)
