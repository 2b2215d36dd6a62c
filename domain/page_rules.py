"""Counting rules: under which name a page is counted. Applied in the fold, never at ingest.

The log keeps what clients sent, so a rule that changes is applied to history by a rebuild. A
generation keeps the rules it was built with; live projectors go by those, whatever the setting.
"""

import re
from collections.abc import Callable
from string import ascii_letters, ascii_lowercase, ascii_uppercase, digits

from domain.errors import SettingsError

# ASCII only: other letters may change their length in bytes.
_LOWER = str.maketrans(ascii_uppercase, ascii_lowercase)
_SCHEME = re.compile(r"[^/?#]*://")
# None that stands behind a stray percent sign: decoded, it could become part of another escape.
_ESCAPE = re.compile(r"(?<!%)(?<!%[0-9A-Fa-f])%([0-9A-Fa-f]{2})")
_UNRESERVED = frozenset(ascii_letters + digits + "-._~")
_HOST_END = re.compile(r"[/?#]")


def _normalize_percent(page: str) -> str:
    """RFC 3986, 6.2.2.1 and 6.2.2.2; characters outside ASCII stay as they are written."""
    return _ESCAPE.sub(_normal_escape, page)


def _normal_escape(found: re.Match[str]) -> str:
    letter = chr(int(found[1], 16))
    return letter if letter in _UNRESERVED else found[0].upper()


def _strip_fragment(page: str) -> str:
    return page.partition("#")[0]


def _strip_query(page: str) -> str:
    return page.partition("?")[0]


def _strip_trailing_slash(page: str) -> str:
    return page.rstrip("/")


def _lower_host(page: str) -> str:
    # The host ends at the first of these behind an optional scheme; in a path or a query there
    # may be another address.
    scheme = _SCHEME.match(page)
    found = _HOST_END.search(page, scheme.end() if scheme else 0)
    end = found.start() if found else len(page)
    return page[:end].translate(_LOWER) + page[end:]


# In the order in which they are applied, whatever the order they are named in.
RULES: dict[str, Callable[[str], str]] = {
    "normalize-percent": _normalize_percent,
    "strip-fragment": _strip_fragment,
    "strip-query": _strip_query,
    "strip-trailing-slash": _strip_trailing_slash,
    "lower-host": _lower_host,
}


class PageRules:
    """A set of rules; `text` names them, comma separated, in the order of their application."""

    def __init__(self, text: str = "") -> None:
        """Raises `SettingsError` for a name that is no rule."""
        named = {name.strip() for name in text.split(",") if name.strip()}
        if unknown := sorted(named - set(RULES)):
            names = ", ".join(map(repr, unknown))
            message = f"PAGE_RULES names {names}: write any of {', '.join(RULES)}"
            raise SettingsError(message)
        self._chosen = [name for name in RULES if name in named]
        self.text = ",".join(self._chosen)

    def __bool__(self) -> bool:
        return bool(self._chosen)

    def apply(self, page: str) -> str:
        """The name under which `page` is counted; itself where nothing would be left of it."""
        found = page
        for name in self._chosen:
            found = RULES[name](found) or found
        return found


NO_RULES = PageRules()
