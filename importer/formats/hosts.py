"""The virtual host in a field of its own."""

import re

_HOST = re.compile(rb"([a-z0-9_-]++(?:\.[a-z0-9_-]++)*+)\.?(?::\d{0,5})?")
_NO_NAME = re.compile(rb"[0-9.]++|_")
_MOST_BYTES = 256


def host_in(field: bytes) -> bytes:
    """The name in lower case and without its port; nothing where it is an address or no name."""
    found = _HOST.fullmatch(field.strip().lower()) if len(field) <= _MOST_BYTES else None
    return b"" if found is None or _NO_NAME.fullmatch(found[1]) else found[1]
