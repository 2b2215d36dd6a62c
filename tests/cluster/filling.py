"""Streams as long hours of load leave them, without the hours."""

import re
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.cluster.nodes import NODES, Node, PrivateCluster
from tests.servers import wait_for

# Of a segment, of its index, and of the only chunk in it.
_SEGMENT_HEADER, _INDEX_HEADER, _RECORD = 8, 8, 29
_ID = slice(24, 32)


def fill(
    cluster: PrivateCluster, streams: Sequence[str], messages: int, segment_bytes: int
) -> None:
    """Have each of `streams` hold as many messages, each a chunk of its own, on every node.

    They are copies of the only message of `streams[0]`; the others are empty yet. Written as files,
    for the broker takes minutes for as many chunks; all nodes are killed and started for it.
    """
    seed = cluster.nodes[0]
    source = _folder(seed, streams[0])
    # It was confirmed when two of the nodes had it.
    wait_for(
        lambda: last_chunks(seed, streams[0]) == 1, f"a message of {streams[0]} on {seed.name}"
    )
    with ThreadPoolExecutor(NODES) as pool:
        list(pool.map(Node.kill, cluster.nodes))
        for name, content in _files(source, messages, segment_bytes):
            for node in cluster.nodes:
                for stream in streams:
                    (_folder(node, stream) / name).write_bytes(content)
        list(pool.map(Node.start, cluster.nodes))
    cluster.wait_until_replicated(*streams)


def last_chunks(node: Node, stream: str) -> int:
    """How many chunks stand in the last segment of `stream` there."""
    index = max(_folder(node, stream).glob("*.index"))
    return (index.stat().st_size - _INDEX_HEADER) // _RECORD


def segments(node: Node, stream: str) -> int:
    """How many segments `stream` has there."""
    return len(list(_folder(node, stream).glob("*.segment")))


def _files(source: Path, messages: int, segment_bytes: int) -> Iterator[tuple[str, bytes]]:
    """Segments and their indexes, by name."""
    (file,) = source.glob("*.segment")
    written = file.read_bytes()
    index = file.with_suffix(".index").read_bytes()[: _INDEX_HEADER + _RECORD]
    header, chunk = written[:_SEGMENT_HEADER], bytearray(written[_SEGMENT_HEADER:])
    # Its check sum is over the message alone.
    each = max(1, -(-segment_bytes // len(chunk)))
    for first in range(0, messages, each):
        segment, records = bytearray(header), bytearray(index[:_INDEX_HEADER])
        record = bytearray(index[_INDEX_HEADER:])
        for number in range(first, min(first + each, messages)):
            record[:8] = chunk[_ID] = number.to_bytes(8)
            record[24:28] = len(segment).to_bytes(4)
            segment += chunk
            records += record
        yield f"{first:020}.segment", bytes(segment)
        yield f"{first:020}.index", bytes(records)


def _folder(node: Node, stream: str) -> Path:
    name = re.sub("[^A-Za-z0-9_-]", "_", stream)
    (found,) = node.folder.glob(f"mnesia/*/stream/__{name}_[0-9]*")
    return found
