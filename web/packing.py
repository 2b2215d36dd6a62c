"""Bodies that come packed: Content-Encoding, and gzip unpacked no further than a limit."""

import zlib
from collections.abc import Iterable

from domain.errors import Problem, RequestRefused
from domain.problems import UNSUPPORTED_ENCODING

_GZIP = ("gzip", "x-gzip")
_GZIP_FORMAT = 16 + zlib.MAX_WBITS
# `cat` and parallel packers make some; thousands only cost time.
_MAX_MEMBERS = 256
_PIECE_BYTES = 65_536


def is_packed(encodings: Iterable[bytes]) -> bool:
    """Whether the values of Content-Encoding mean gzip. Raises `RequestRefused` (415).

    As it is, or packed once with gzip: anything else is refused.
    """
    listed = b",".join(encodings).decode("latin-1")
    names = [name for part in listed.split(",") if (name := part.strip().lower())]
    packings = [name for name in names if name != "identity"]
    if not packings:
        return False
    if len(packings) == 1 and packings[0] in _GZIP:
        return True
    detail = f"Content-Encoding {listed[:100]!r} is not read here: send the body as it is, or gzip"
    raise RequestRefused([Problem("", detail)], kind=UNSUPPORTED_ENCODING)


def unpacked(packed: bytes, limit: int) -> bytes | None:
    """What is in `packed` (gzip, RFC 1952), None where that is more than `limit` bytes.

    Costs no more memory than `limit`, whatever it would become. Raises `RequestRefused` for what is
    damaged, cut off, or followed by anything else.
    """
    whole = bytearray()
    rest = memoryview(packed)
    for _ in range(_MAX_MEMBERS):
        try:
            rest = _member(rest, whole, limit)
        except zlib.error as error:
            raise _damaged(str(error)) from error
        if len(whole) > limit:
            return None
        if not rest:
            return bytes(whole)
    raise _damaged(f"it has more than {_MAX_MEMBERS} members")


def _member(rest: memoryview, whole: bytearray, limit: int) -> memoryview:
    """One member of the file, added to `whole` up to a byte past `limit`, and what follows it."""
    member = zlib.decompressobj(_GZIP_FORMAT)
    while not member.eof and len(whole) <= limit:
        if not rest:
            raise _damaged("it ends early")
        piece = rest[:_PIECE_BYTES]
        whole += member.decompress(piece, limit + 1 - len(whole))
        rest = rest[len(piece) - len(member.unused_data) - len(member.unconsumed_tail) :]
    return rest


def _damaged(why: str) -> RequestRefused:
    detail = f"the body is no gzip ({why}): send it as it is, or packed whole"
    return RequestRefused([Problem("", detail)])
