"""X-Forwarded-For and Forwarded, as a proxy of ours passes on what strangers wrote before it."""

from domain.addresses import Proxies, address_of, client_name

NEAR = "10.0.0.1"
SEEN = "203.0.113.9"
PROXIES = Proxies("10.0.0.0/8")
SEEDS = (
    b"198.51.100.1, 203.0.113.9:4711",
    b"[2001:db8::1]:443, ::ffff:10.0.0.2, fe80::1%eth0",
    b'for=203.0.113.9;proto=https, for="[2001:db8::1]:4711"',
    b'for="_a\\", for=198.51.100.1"; by=unknown',
)


def one(data: bytes) -> None:
    """Raises where nobody is found, or what stands in front of a proxy's own word changes it."""
    text = data.decode("latin-1")
    for lines in ([text], text.split("\n")):
        assert PROXIES.client_of(SEEN, lines, lines) == address_of(SEEN)
        assert PROXIES.client_of(NEAR, [*lines, SEEN], lines) == address_of(SEEN)
        for found in (PROXIES.client_of(NEAR, lines), PROXIES.client_of(NEAR, (), lines)):
            assert found is not None
            assert client_name(found)
