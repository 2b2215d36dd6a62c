"""Bodies of requests: what is held of them, for how long, and who is judged when."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from litestar.types import Receive, Scope

from domain.errors import Overloaded, Problem, RequestRefused
from domain.problems import TOO_LARGE, TOO_SLOW
from web.packing import is_packed, unpacked
from web.patience import Patience

Judged = TypeVar("Judged")

HELD_BYTES = 64_000_000
"""Of bodies that have arrived in part, or wait for their turn, in one process.

A quarter of it is for small ones alone: large ones that come slowly keep none of these out.
"""
# Larger bodies are judged one at a time, in a thread: each may cost ten times its size in memory.
_LARGE_BYTES = 200_000
# No length that is right has more.
_MAX_DIGITS = 18


class Bodies:
    """Reads bodies of up to `limit` bytes, unpacked as well, that arrive within `seconds`.

    Nothing is locked while a client is waited for: a body takes of `held` bytes as it arrives, and
    is refused where none are left.
    """

    def __init__(self, limit: int, seconds: float, held: int = HELD_BYTES) -> None:
        self._limit = limit
        self._seconds = seconds
        self._patience = Patience(seconds)
        self._held = _Held(held)
        self._one_large_body = asyncio.Lock()

    async def read(
        self, scope: Scope, receive: Receive, judge: Callable[[bytes], Judged]
    ) -> Judged:
        """What `judge` makes of the body, in a thread where that is large.

        Raises `RequestRefused` (408, 413, 415, damaged) and `Overloaded`.
        """
        packed = _is_packed(scope, self._limit)
        share = _Share(self._held)
        try:
            body = await self._arrived(receive, share)
            small = unpacked(body, _LARGE_BYTES) if packed else body
            if small is not None and len(small) <= _LARGE_BYTES:
                self._check(len(small))
                return judge(small)
            async with self._turn():
                # In a thread, so that other requests go on meanwhile.
                return await asyncio.to_thread(self._judged, body, packed, judge)
        finally:
            share.give_back()

    async def _arrived(self, receive: Receive, share: "_Share") -> bytes:
        try:
            with self._patience.wait():
                message: Any = await receive()
                whole: bytes = message.get("body", b"")
                if whole and len(whole) <= _LARGE_BYTES and not message.get("more_body"):
                    self._check(len(whole))
                    return whole
                return await self._gathered(message, receive, share)
        except TimeoutError as error:
            detail = f"the body did not arrive within {self._seconds:g} s: send less in one request"
            raise RequestRefused([Problem("", detail)], kind=TOO_SLOW) from error

    async def _gathered(self, message: Any, receive: Receive, share: "_Share") -> bytes:
        body = bytearray()
        while message["type"] == "http.request":
            piece = message.get("body", b"")
            share.take(len(piece))
            body += piece
            self._check(len(body))
            if not message.get("more_body"):
                return bytes(body)
            message = await receive()
        # What has arrived may pass for a whole, but nobody has said that it is.
        raise RequestRefused([Problem("", "the connection was closed within the body")])

    def _check(self, size: int) -> None:
        if size > self._limit:
            raise _too_large(self._limit)

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(self._seconds):
                await self._one_large_body.acquire()
        except TimeoutError as error:
            raise Overloaded("other large requests are under way") from error
        try:
            yield
        finally:
            self._one_large_body.release()

    def _judged(self, body: bytes, packed: bool, judge: Callable[[bytes], Judged]) -> Judged:
        plain = unpacked(body, self._limit) if packed else body
        if plain is None:
            raise _too_large(self._limit)
        return judge(plain)


class _Held:
    """How many bytes there may be, and are."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.now = 0


class _Share:
    """What one body holds."""

    __slots__ = ("_held", "_size")

    def __init__(self, held: _Held) -> None:
        self._held = held
        self._size = 0

    def take(self, size: int) -> None:
        """Raises `Overloaded` where so much is not left: waiting for it could be for ever."""
        room = self._held.most
        if self._size + size > _LARGE_BYTES:
            room -= room // 4
        if self._held.now + size > room:
            raise Overloaded("too many large requests are on their way")
        self._held.now += size
        self._size += size

    def give_back(self) -> None:
        self._held.now -= self._size
        self._size = 0


def _is_packed(scope: Scope, limit: int) -> bool:
    """Whether the body is gzip; refuses by the headers what need not arrive."""
    encodings = []
    for name, value in scope["headers"]:
        if name == b"content-length":
            _check_length(value, limit)
        elif name == b"content-encoding":
            encodings.append(value)
    return bool(encodings) and is_packed(encodings)


def _check_length(value: bytes, limit: int) -> None:
    digits = value.lstrip(b"0")
    if digits.isdigit() and (len(digits) > _MAX_DIGITS or int(digits) > limit):
        raise _too_large(limit)


def _too_large(limit: int) -> RequestRefused:
    detail = f"the body is over {limit:,} bytes: send it in several requests"
    return RequestRefused([Problem("", detail)], kind=TOO_LARGE)
