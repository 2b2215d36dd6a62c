"""Messages that others have put into a stream, as only a real broker hands them out again."""

import asyncio
import struct
from typing import Any

import pamqp.encode
import pytest
from pamqp import commands

from domain.events import Entry, Offset, Partition
from domain.partitioning import stream_name
from domain.settings import Settings
from log.opening import open_reader, open_writer
from log.rabbitmq.broker import connect

pytestmark = [pytest.mark.rabbitmq, pytest.mark.postgres]

ONE = Partition(1)
BODY = b'[1,"p1",1,9,0,[["a/b",5,1]]]'
# The year 292277026596, in seconds.
FAR = 2**63 - 1


class _Seconds(int):
    """A timestamp as a client may send it."""


def _timestamp(value: Any) -> bytes:
    return struct.pack(">Q", value)


def _short_string(value: str) -> bytes:
    encoded = value.encode("latin-1")
    return bytes([len(encoded)]) + encoded


def _table(value: dict[str, Any]) -> bytes:
    items = b"".join(_short_string(key) + _value(held) for key, held in value.items())
    return struct.pack(">I", len(items)) + items


def _value(value: Any) -> bytes:
    if isinstance(value, dict):
        return b"F" + _table(value)
    if isinstance(value, _Seconds):
        return b"T" + _timestamp(value)
    if isinstance(value, bytes):
        return b"S" + struct.pack(">I", len(value)) + value
    return b"l" + struct.pack(">q", value) if isinstance(value, int) else b"V"


def properties(**values: Any) -> commands.Basic.Properties:
    found = commands.Basic.Properties()
    for name, value in values.items():
        setattr(found, name, value)
    return found


ODD = {
    "a timestamp beyond all years": properties(timestamp=FAR),
    "a content type that is not UTF-8": properties(content_type="caf\xe9"),
    "a header whose name is not UTF-8": properties(headers={"caf\xe9": 1}),
    "a header with a timestamp": properties(headers={"at": _Seconds(FAR), "more": 7}),
    "a header that is not UTF-8": properties(headers={"name": b"\xff\xfe"}),
    "headers within headers": properties(headers={"a": {"b": {"caf\xe9": _Seconds(FAR)}}}),
    "an offset of its own": properties(headers={"x-stream-offset": 77}),
    "another name for JSON": properties(content_type="text/plain", content_encoding="gzip"),
    "nothing": properties(),
}


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
async def test_whatever_a_message_says_of_itself_its_body_is_read(
    production: Settings, monkeypatch: pytest.MonkeyPatch, odd: commands.Basic.Properties
) -> None:
    writer, reader = open_writer(production), open_reader(production)
    await writer.append(ONE, b"before")
    with monkeypatch.context() as patched:
        for name, encode in (
            ("timestamp", _timestamp),
            ("shortstr", _short_string),
            ("table", _table),
        ):
            patched.setitem(pamqp.encode.METHODS, name, encode)
        connection = await connect(production.rabbitmq_url or "", "footfall tests")
        async with connection, connection.channel() as channel:
            underlay = await channel.get_underlay_channel()
            stream = stream_name(production.stream_prefix, ONE)
            await underlay.basic_publish(BODY, routing_key=stream, properties=odd, timeout=10)
    await writer.append(ONE, b"after")
    entries: list[Entry] = []
    async with asyncio.timeout(20), reader.subscribe(ONE, Offset(0)) as subscription:
        while len(entries) < 3:
            entries += await subscription.take(3, 5)
    wanted = [b"before", BODY, b"after"]
    assert entries == [Entry(Offset(n), body) for n, body in enumerate(wanted)]
    assert (await reader.bounds(ONE)).end == 3
    await writer.close()
    await reader.close()
