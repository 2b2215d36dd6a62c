"""Keys, and what whoever has one may do."""

from collections.abc import Iterable
from enum import Enum
from typing import NamedTuple


class Right(Enum):
    """What a key is for; the value is its name in files and on the command line."""

    INGEST = "ingest"
    """Append views."""
    READ = "read"
    """Ask reports and statistics."""
    ADMIN = "admin"
    """Ask what only operators have to know, and all that the other two may."""


class Caller(NamedTuple):
    """Who asks: the `key` by its public name, and which `rights` it has.

    `sites` are the only ones it may know of; None: all.
    """

    key: str
    rights: frozenset[Right]
    sites: frozenset[str] | None = None

    @property
    def is_public(self) -> bool:
        """Came without a key, to sites that everybody may read?"""
        return not self.key and self.sites is not None


ANYBODY = Caller("", frozenset(Right))
"""Whoever asks a service that has no keys."""
STRANGER = Caller("", frozenset())
"""Whoever asks a service that has keys, without one of them."""


def public(sites: Iterable[str]) -> Caller:
    """The same where everybody may read these `sites`; without any, nobody may read."""
    found = frozenset(sites)
    return Caller("", frozenset({Right.READ}), found) if found else STRANGER
