"""Whom a request is for, and which web page had a browser send it."""

import re
from collections.abc import Collection
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from urllib.parse import urlsplit

ANY = "*"

# A browser sends nothing else: what does not look so is no Host at all.
_HOST = re.compile(r"(\[[0-9A-Fa-f:.%\w-]+\]|[\w.~!$&'()*+,;=-]*)(?::(\d{0,5}))?", re.ASCII)
_NUMBERS = re.compile(r"[0-9]+(\.[0-9]+){0,2}")
_DOTS = 3
_PORTS = {"http": "80", "https": "443"}
# Of Sec-Fetch-Site: the service's own page, and somebody who typed the address.
_OWN = ("same-origin", "none")


def host_name(host: str) -> str | None:
    """The name or address in a Host header, small and without its port; None: that is no host."""
    found = _HOST.fullmatch(host)
    return None if found is None else found[1].lower().removesuffix(".")


def is_address(name: str) -> bool:
    """An address of IPv4, or one of IPv6 in brackets: nobody has it lead elsewhere, as a name."""
    try:
        if name.startswith("["):
            IPv6Address(name.strip("[]"))
        elif name.count(".") == _DOTS:
            IPv4Address(name)
        else:
            # Its short forms, such as 127.1: no name of the DNS is made of numbers.
            return bool(_NUMBERS.fullmatch(name))
    except AddressValueError:
        return False
    return True


def answers_for(name: str, allowed: Collection[str]) -> bool:
    """Is a request for `name` meant for a service that answers for `allowed`?

    Always where it is an address or this machine; what names none is no browser's.
    """
    own = name in ("", "localhost") or name.endswith(".localhost")
    return own or name in allowed or ANY in allowed or is_address(name)


def is_cross_site(fetch_site: str, origin: str, host: str) -> bool:
    """Did another site's web page have a browser send this? Empty: the header was not sent.

    As `CrossOriginProtection` of Go's net/http decides it: by Sec-Fetch-Site, and in browsers that
    do not send that by an Origin which is not the Host's own. Servers send neither of them.
    """
    if fetch_site:
        return fetch_site not in _OWN
    return bool(origin) and not _same(origin, host)


def _same(origin: str, host: str) -> bool:
    try:
        parts = urlsplit(origin.lower())
        usual = _PORTS.get(parts.scheme, "")
        # A proxy may have taken the TLS off: the scheme is the origin's.
        return _with_port(parts.netloc, usual) == _with_port(host.lower(), usual) != ""
    except ValueError:
        return False


def _with_port(host: str, usual: str) -> str:
    found = _HOST.fullmatch(host)
    if found is None or not found[1]:
        return ""
    return f"{found[1].removesuffix('.')}:{found[2] or usual}"
