"""Refusals for clients of another service: the sentence of a problem is its member `error` too."""

from typing import Any

import msgspec
from litestar.types import Send

from web.problems import PROBLEM

ERROR = "error"
_TYPE = b"content-type"
_LENGTH = b"content-length"


def with_error(send: Send) -> Send:
    """Sends what it is given; in a refusal `error` stands beside `detail`, the same sentence."""
    start: list[Any] = []
    body = bytearray()

    async def sending(message: Any) -> None:
        if message["type"] == "http.response.start" and _refuses(message):
            start.append(message)
            return
        if not start:
            await send(message)
            return
        body.extend(message.get("body", b""))
        if not message.get("more_body"):
            told = _told(bytes(body))
            await send(_of_length(start.pop(), len(told)))
            await send({"type": "http.response.body", "body": told, "more_body": False})

    return sending


def _refuses(message: Any) -> bool:
    return any(name.lower() == _TYPE and value == PROBLEM for name, value in message["headers"])


def _told(body: bytes) -> bytes:
    document = msgspec.json.decode(body)
    return msgspec.json.encode(document | {ERROR: document["detail"]})


def _of_length(message: Any, length: int) -> Any:
    others = [header for header in message["headers"] if header[0].lower() != _LENGTH]
    return {**message, "headers": [*others, (_LENGTH, b"%d" % length)]}
