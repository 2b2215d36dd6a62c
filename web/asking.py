"""Who asks, by what a request shows: a key in its header, or the cookie of who is signed in."""

from collections.abc import Mapping
from typing import NamedTuple

from domain.keys import ANYBODY, STRANGER, Caller, Right
from web.cookies import COOKIE, key_in
from web.lock import Caught, Lock

_AUTHORIZATION = b"authorization"


class Shown(NamedTuple):
    """What of it counts: the value of Authorization, None where there is none, and whether it is
    made of a cookie."""

    authorization: str | None
    by_cookie: bool = False


def shown(headers: Mapping[bytes, str], *, looks: bool) -> Shown:
    """A cookie counts only where nothing else was sent, and where its sender only `looks`."""
    authorization = headers.get(_AUTHORIZATION)
    if authorization is None and looks and (key := key_in(headers.get(COOKIE, ""))):
        return Shown(f"Bearer {key}", by_cookie=True)
    return Shown(authorization)


class Asking:
    """Finds out by the `lock`. Who shows nothing where keys are asked for is the `nameless` one."""

    def __init__(self, lock: Lock, nameless: Caller) -> None:
        self._lock = lock
        self._nameless = nameless

    @property
    def is_public(self) -> bool:
        """May those without a key read anything?"""
        return self._nameless.is_public

    def caught(self, shown: Shown) -> Caught:
        """Who that is now, or why nobody knows."""
        found = self._lock(shown.authorization)
        if isinstance(found, str) or found is ANYBODY or not shown.by_cookie:
            return found
        # Nobody appends because a browser was led somewhere.
        return found._replace(rights=found.rights - {Right.INGEST})

    def caller(self, shown: Shown, caught: Caught) -> Caller:
        """As whom routes know them. A key that is none is not as good as no key: who is signed in
        learns that it was withdrawn."""
        if not isinstance(caught, str):
            return caught
        return self._nameless if shown.authorization is None else STRANGER

    def caller_now(self, shown: Shown) -> Caller:
        """The same, asked once more."""
        return self.caller(shown, self.caught(shown))
