"""User agents in logs, as what is sent of them."""

import re
from collections.abc import Callable
from functools import lru_cache

from domain.agents.labels import label_of
from domain.agents.texts import cleaned
from importer.page_names import text_of, unescape

LABEL, FULL, NONE = "label", "full", "none"
SENT = (LABEL, FULL, NONE)
"""What may be sent of an agent; of the whole one the service keeps what it may."""

_TEXTS: dict[str, Callable[[str], str]] = {LABEL: label_of, FULL: cleaned, NONE: lambda _: ""}
_MOST_HELD = 8_192
_ANY_QUOTED = rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
_AGENT = re.compile(rb'[ \t]*+"([^"\\]*+(?:\\.[^"\\]*+)*+)"')
_REFERRER_AND_AGENT = re.compile(rb"[ \t]++" + _ANY_QUOTED + _AGENT.pattern)


def sent(kind: str, *, escaped: bool) -> Callable[[bytes], str]:
    """From an agent as it stands in a log to what is sent; empty where that says nothing."""
    make = _TEXTS[kind]

    @lru_cache(maxsize=_MOST_HELD)
    def text(agent: bytes) -> str:
        return make(text_of(unescape(agent) if escaped else agent))

    return text


def behind_referrer(line: bytes, at: int) -> bytes:
    """The second of two texts in quotes that begin at `at`, as in Combined Log Format."""
    found = _REFERRER_AND_AGENT.match(line, at)
    return found[1] if found else b""


def in_quotes(line: bytes, at: int) -> bytes:
    """What stands in quotes, behind blanks at `at`."""
    found = _AGENT.match(line, at)
    return found[1] if found else b""
