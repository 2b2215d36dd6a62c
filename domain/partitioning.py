"""Which partition a page belongs to, and what its stream is called."""

from zlib import crc32

from domain.events import Partition


def partition_for(page: str, partitions: int) -> Partition:
    """CRC-32 of the page's UTF-8 bytes modulo `partitions`.

    Stable across processes, machines and versions; golden vectors in the tests hold it in place,
    for a page that moves by accident leaves its order and its producer positions behind.
    """
    return Partition(crc32(page.encode()) % partitions)


def stream_name(prefix: str, partition: Partition) -> str:
    """The broker object that holds `partition`."""
    return f"{prefix}.{partition}"
