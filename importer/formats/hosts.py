"""The virtual host in a field of its own."""

import re

_HOST = re.compile(
    rb"([a-z0-9_-]++(?:\.[a-z0-9_-]++)*+|\[[0-9a-f:.]{2,45}\])\.?(?::\d{0,5})?", re.IGNORECASE
)
_ADDRESS = re.compile(rb"[0-9.]++|\[.*")
_NOBODY = {b"-", b"_"}
_MOST_BYTES = 256


def host_in(field: bytes) -> bytes:
    """The name or address in lower case and without its port; nothing where it is neither."""
    found = _HOST.fullmatch(field.strip()) if len(field) <= _MOST_BYTES else None
    return b"" if found is None or found[1] in _NOBODY else found[1].lower()


def is_address(host: bytes) -> bool:
    """Whether it is an address, which a client's may be taken for."""
    return _ADDRESS.fullmatch(host) is not None
