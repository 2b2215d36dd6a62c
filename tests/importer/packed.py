"""Every way in which files are packed."""

import bz2
import gzip
import lzma
import sys
from collections.abc import Callable, Mapping


def _zstd(content: bytes) -> bytes:
    if sys.version_info >= (3, 14):
        from compression.zstd import compress
    else:
        from backports.zstd import compress
    # With the checksum that the command writes.
    packed: bytes = compress(content, options={201: 1})
    return packed


PACKED: Mapping[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "zstd": _zstd,
}
