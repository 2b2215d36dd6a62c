"""Streams as long hours of load leave them, without the hours."""

import re
import shutil
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.cluster.nodes import NODES, Node, PrivateCluster

_CHUNK_HEADER, _FILE_HEADER, _LENGTH = 48, 8, 4
# Written by the broker's own code, so that segments, index and what it tracks of writers are as it
# leaves them, but in a folder of its own: a message by AMQP takes a hundred times as long.
_WRITE = """
{{ok, Entry}} = file:read_file("{folder}/entry"),
Log0 = osiris_log:init(#{{dir => "{folder}/log", name => "filled", epoch => 1,
                         max_segment_size_bytes => {segment_bytes}}}),
Write = fun Write(I, Log, _) when I > {messages} -> osiris_log:close(Log);
            Write(I, Log, Tracking) ->
                {{Log1, Tracking1}} = osiris_log:evaluate_tracking_snapshot(Log, Tracking),
                Next = osiris_log:next_offset(Log1),
                Tracking2 = osiris_tracking:add(<<"writer">>, sequence, I, Next, Tracking1),
                {{Trailer, Tracking3}} = osiris_tracking:flush(Tracking2),
                Now = erlang:system_time(millisecond),
                Write(I + 1, osiris_log:write([Entry], 0, Now, Trailer, Log1), Tracking3)
        end,
Write(1, Log0, osiris_tracking:init(undefined, #{{}})).
"""


def fill(
    cluster: PrivateCluster, streams: Sequence[str], messages: int, segment_bytes: int
) -> None:
    """Have each of `streams` hold as many messages, each a chunk of its own, on every node.

    They are copies of the only message of `streams[0]`; the others are empty yet. All nodes are
    killed and started for it.
    """
    seed = cluster.nodes[0]
    folder = seed.folder / "filled"
    folder.mkdir()
    (folder / "entry").write_bytes(_only_entry(seed, streams[0]))
    seed.ctl(
        "eval",
        _WRITE.format(folder=folder, messages=messages, segment_bytes=segment_bytes),
    )
    with ThreadPoolExecutor(NODES) as pool:
        list(pool.map(Node.kill, cluster.nodes))
        for node in cluster.nodes:
            for stream in streams:
                shutil.copytree(folder / "log", _folder(node, stream), dirs_exist_ok=True)
        list(pool.map(Node.start, cluster.nodes))
    shutil.rmtree(folder)
    cluster.wait_until_replicated(*streams)


def last_chunks(node: Node, stream: str) -> int:
    """How many messages stand in the last segment of `stream` there, each a chunk of its own."""
    index = max(_folder(node, stream).glob("*.index"))
    return (index.stat().st_size - _FILE_HEADER) // 29


def segments(node: Node, stream: str) -> int:
    """How many segments `stream` has there."""
    return len(list(_folder(node, stream).glob("*.segment")))


def _only_entry(node: Node, stream: str) -> bytes:
    (segment,) = _folder(node, stream).glob("*.segment")
    chunk = segment.read_bytes()[_FILE_HEADER:]
    length = int.from_bytes(chunk[_CHUNK_HEADER : _CHUNK_HEADER + _LENGTH])
    return chunk[_CHUNK_HEADER + _LENGTH :][:length]


def _folder(node: Node, stream: str) -> Path:
    name = re.sub("[^A-Za-z0-9_-]", "_", stream)
    (found,) = node.folder.glob(f"mnesia/*/stream/__{name}_[0-9]*")
    return found
