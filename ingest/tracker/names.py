"""Under which names scripts are asked for, as tags that sites have already say them."""

import re
from typing import Final

from msgspec import Struct

from ingest.tracker.making import SWITCHES

_CLASSIC: Final = ("script", "plausible", "analytics")
_GATSBY: Final = "index.js"
_QUEUED: Final = re.compile(r"pa-[A-Za-z0-9_-]{1,64}\.js")
_EXTENSIONS: Final = {
    *SWITCHES,
    # They send what is no view, or say more about one: of no use to who counts views.
    "compat",
    "file-downloads",
    "outbound-links",
    "pageleave",
    "pageview-props",
    "revenue",
    "tagged-events",
}


class Asked(Struct, frozen=True):
    """A script: one that waits for `plausible.init`, or one with `switches` whose tag says all."""

    queued: bool
    switches: frozenset[str] = frozenset()


def asked_of(name: str) -> Asked | None:
    """The script that `/js/{name}` means, None for a name that means none."""
    if _QUEUED.fullmatch(name):
        return Asked(queued=True)
    if name == _GATSBY:
        return Asked(queued=False)
    first, *extensions = name.removesuffix(".js").split(".")
    known = first in _CLASSIC and _EXTENSIONS.issuperset(extensions)
    if not known or not name.endswith(".js"):
        return None
    return Asked(queued=False, switches=frozenset(extensions).intersection(SWITCHES))
