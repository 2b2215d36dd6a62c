"""The header Cookie, in which a key may be."""

from domain.key_secrets import SECRET
from tests.keys import numbered
from web.cookies import key_in

_KEY = numbered(1).encode()
SEEDS = (
    b"theme=dark; footfall=" + _KEY,
    b"__Host-footfall=" + _KEY + b"; footfall=" + _KEY[:-1] + b"a",
    b"footfall=" + _KEY + b"; footfall=" + _KEY,
)


def one(data: bytes) -> None:
    """A key, whole and as the value of a cookie of ours, or none."""
    found = key_in(data.decode("latin-1"))
    if found is not None:
        assert SECRET.fullmatch(found)
        assert b"footfall=" + found.encode() in data
