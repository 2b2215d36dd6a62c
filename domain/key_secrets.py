"""The secret of a key: making one, and what is kept of it.

It is 256 random bits. Nobody can go through all of them, so one SHA-256 is enough of a hash for
what is kept; a slow one is for passwords, which people choose, and would take from every request
what this does in a microsecond.
"""

import re
from base64 import b32encode
from collections.abc import Callable
from hashlib import sha256

PREFIX = "ffk_"
"""Of every secret: what no name of anything else should hold."""
_ID_BYTES = 5
_SECRET_BYTES = 32
_ID = slice(len(PREFIX), len(PREFIX) + 8)
SECRET = re.compile(r"ffk_[a-z2-7]{8}_[a-z2-7]{52}")
"""A whole one, as programs find it that look through texts for secrets."""
KEY_ID = re.compile(r"[a-z2-7]{8}")


def new_secret(draw: Callable[[int], bytes]) -> str:
    """A secret that nobody has; `draw` gives so many random bytes."""
    return f"{PREFIX}{_letters(draw(_ID_BYTES))}_{_letters(draw(_SECRET_BYTES))}"


def id_of(secret: str) -> str:
    """The public name in a secret, which says nothing of the rest."""
    return secret[_ID]


def digest_of(secret: str) -> bytes:
    """What is kept of a secret; of any text, so that what is none takes as long."""
    return sha256(secret.encode("utf-8", "surrogatepass")).digest()


def _letters(random: bytes) -> str:
    return b32encode(random).decode().rstrip("=").lower()
