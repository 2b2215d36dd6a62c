"""Keys for tests, the same each time."""

from hashlib import sha256

from domain.key_ring import Key
from domain.key_secrets import digest_of, id_of, new_secret
from domain.keys import Right


def numbered(number: int) -> str:
    """The secret of that number."""
    return new_secret(lambda size: sha256(f"{number} {size}".encode()).digest()[:size])


def key(secret: str, *rights: Right) -> Key:
    """The key of a secret; it reads where nothing else is said."""
    return Key(id_of(secret), frozenset(rights or {Right.READ}), digest_of(secret))


def bearer(secret: str) -> tuple[bytes, bytes]:
    """The header that shows it."""
    return b"authorization", f"Bearer {secret}".encode()
