"""The cookie that a browser is signed in with: the key itself, where no script can read it.

A key that is withdrawn opens nothing from then on, its sites and its end are those it has, and no
process has to know what another one let in: nothing is kept here.
"""

from collections.abc import Iterable

from domain.key_secrets import SECRET
from web.passage import Header

_OVER_TLS = "__Host-footfall"
"""Browsers take one of that name from this very host and over TLS alone."""
_PLAIN = "footfall"
_MAX_AGE = 30 * 86_400
_ALWAYS = "Path=/; HttpOnly; SameSite=Strict"
COOKIE = b"cookie"


def key_in(cookies: str) -> str | None:
    """The key in the lines of the header Cookie, `; ` between them; None where there is none.

    Where there are several nobody knows which one counts, and none does.
    """
    found: dict[str, set[str]] = {_OVER_TLS: set(), _PLAIN: set()}
    for pair in cookies.split(";"):
        name, _, value = pair.strip(" \t").partition("=")
        if name in found:
            found[name].add(value)
    # Another site below the same domain may add a plain one, but none that came over TLS.
    values = found[_OVER_TLS] or found[_PLAIN]
    key = values.pop() if len(values) == 1 else ""
    return key if SECRET.fullmatch(key) else None


def key_shown(headers: Iterable[Header]) -> str | None:
    """The same, of all headers of a request."""
    lines = [value.decode("latin-1") for name, value in headers if name == COOKIE]
    return key_in("; ".join(lines))


def kept(key: str, *, over_tls: bool) -> list[Header]:
    """Have the browser send this key from now on, for a month."""
    of_tls, plain = forgotten()
    if over_tls:
        return [_set(f"{_OVER_TLS}={key}; Max-Age={_MAX_AGE}; {_ALWAYS}; Secure"), plain]
    return [of_tls, _set(f"{_PLAIN}={key}; Max-Age={_MAX_AGE}; {_ALWAYS}")]


def forgotten() -> list[Header]:
    """Have the browser send none any more."""
    return [
        _set(f"{_OVER_TLS}=; Max-Age=0; {_ALWAYS}; Secure"),
        _set(f"{_PLAIN}=; Max-Age=0; {_ALWAYS}"),
    ]


def _set(text: str) -> Header:
    return b"set-cookie", text.encode()
