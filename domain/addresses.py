"""From which address a request comes, as far as whoever says so is believed."""

import re
from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

Address = IPv4Address | IPv6Address

# What a host of IPv6 is given: within it everybody chooses an address as often as they like.
_OF_ONE_HOST = 64
# No chain of proxies that anybody runs is longer; what a stranger wrote in front is not looked at.
_MOST_HOPS = 32
_WITH_PORT = re.compile(r"\[([^\[\]]*)\](?::[\w.-]*)?|([^:]*):[\w.-]*")
# An element of `Forwarded` (RFC 7239) is made of pairs; a comma in it may be quoted. One quote
# without another goes to the end of all: looking for one at each of thousands would take for ever.
_ELEMENT = re.compile(r'(?:"(?:[^"\\]|\\.)*(?:"|\\?\Z)|[^",])+', re.DOTALL)
_LONGEST_ELEMENT = 500
_FOR = re.compile(r'(?:^|;)[ \t]*for=(?:"((?:[^"\\]|\\.)*)"|([^;,"]*))[ \t]*(?=;|$)', re.IGNORECASE)


class Proxies:
    """Those that are named in a list of addresses and networks with commas between."""

    def __init__(self, text: str = "") -> None:
        """Raises `ValueError` for what is no such list."""
        self._networks = tuple(ip_network(each.strip()) for each in text.split(",") if each.strip())

    def __bool__(self) -> bool:
        """Are there any?"""
        return bool(self._networks)

    def __contains__(self, address: Address) -> bool:
        return any(address in network for network in self._networks)

    def client_of(
        self, peer: str | None, forwarded_for: Sequence[str] = (), forwarded: Sequence[str] = ()
    ) -> Address | None:
        """Who asks, None where nobody knows: a socket of this machine's file system.

        `peer` is the other end of the connection. Only one that is named here is believed: what it
        says (the last address of `forwarded_for`, lines of X-Forwarded-For in their order) and, as
        long as that is one of those named too, what that says in turn. Where there is no
        X-Forwarded-For, so are lines of `forwarded`.
        """
        found = address_of(peer or "")
        if found is None or found not in self:
            return found
        chain = _hops(forwarded_for) if any(forwarded_for) else _elements(forwarded)
        for hop in reversed(chain[-_MOST_HOPS:]):
            said = address_of(hop)
            if said is None:
                break
            found = said
            if found not in self:
                break
        return found


def address_of(text: str) -> Address | None:
    """An address as headers have it, with a port or without; None for anything else.

    One of IPv4 that is written as IPv6 is one of IPv4.
    """
    text = text.strip(" \t")
    try:
        found = ip_address(_without_port(text).partition("%")[0])
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return mapped or found


def client_name(address: Address) -> str:
    """What is limited as one: an address of IPv4, the /64 of one of IPv6."""
    if isinstance(address, IPv4Address):
        return str(address)
    return str(ip_network((address, _OF_ONE_HOST), strict=False))


def _without_port(text: str) -> str:
    found = _WITH_PORT.fullmatch(text)
    if found is None:
        return text
    return found[2] if found[1] is None else found[1]


def _hops(lines: Iterable[str]) -> Sequence[str]:
    return ",".join(lines).rsplit(",", _MOST_HOPS)


def _elements(lines: Iterable[str]) -> Sequence[str]:
    """What each element of Forwarded says of its client, "" where it says nothing."""
    return [_said(element.strip()) for element in _ELEMENT.findall(",".join(lines))[-_MOST_HOPS:]]


def _said(element: str) -> str:
    found = _FOR.search(element) if len(element) <= _LONGEST_ELEMENT else None
    if found is None:
        return ""
    return found[2] if found[1] is None else re.sub(r"\\(.)", r"\1", found[1])
