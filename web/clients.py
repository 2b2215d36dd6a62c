"""Whose request it is, by its address."""

from litestar.types import Scope

from domain.addresses import Address, Proxies, address_of, client_name


class Clients:
    """Knows clients behind those `proxies` that are ours."""

    def __init__(self, proxies: Proxies) -> None:
        self._proxies = proxies

    def address_of(self, scope: Scope) -> Address | None:
        """From where it comes; None: from a socket that has no addresses."""
        other_end = scope["client"]
        peer = other_end[0] if other_end else None
        if not self._proxies:
            return self._proxies.client_of(peer)
        forwarded_for, forwarded = [], []
        for name, value in scope["headers"]:
            if name == b"x-forwarded-for":
                forwarded_for.append(value.decode("latin-1"))
            elif name == b"forwarded":
                forwarded.append(value.decode("latin-1"))
        return self._proxies.client_of(peer, forwarded_for, forwarded)

    def came_over_tls(self, scope: Scope) -> bool:
        """Is nobody able to read it on its way? Only what a proxy of ours says is believed."""
        other_end = scope["client"]
        peer = address_of(other_end[0]) if other_end else None
        if peer is None or peer not in self._proxies:
            return False
        # The last word is that of the nearest proxy.
        said = [value for name, value in scope["headers"] if name == b"x-forwarded-proto"]
        return b",".join(said).rpartition(b",")[2].strip().lower() == b"https"

    def stranger_of(self, scope: Scope) -> str:
        """By which name its client is limited, "" where it is not.

        Nobody is limited who is on this machine, or is a proxy of ours itself: behind such a one,
        as long as it does not say who asks, there are all.
        """
        found = self.address_of(scope)
        if found is None or found.is_loopback or found in self._proxies:
            return ""
        return client_name(found)
