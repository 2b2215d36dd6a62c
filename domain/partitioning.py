"""Of which kind partitions are, which one a page belongs to, and what its stream is called."""

from enum import StrEnum
from zlib import crc32

from domain.events import Partition


class PartitionKind(StrEnum):
    """What the facts in a partition are of; the names are stored.

    A partition has one kind for ever, and one of a kind that is not known here is left alone:
    whoever does not know what its facts say must not count them as views.
    """

    PAGES = "pages"
    """Views of pages, the only one up to now."""


def partition_for(page: str, partitions: int) -> Partition:
    """CRC-32 of the page's UTF-8 bytes modulo `partitions`.

    Stable across processes, machines and versions; golden vectors in the tests hold it in place,
    for a page that moves by accident leaves its order and its producer positions behind.
    """
    return Partition(crc32(page.encode()) % partitions)


def stream_name(prefix: str, partition: Partition) -> str:
    """The broker object that holds `partition`, of pages: other kinds have other names."""
    return f"{prefix}.{partition}"
