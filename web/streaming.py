"""Answers whose length nobody knows before their end."""

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from http import HTTPStatus

import msgspec
from litestar.types import Receive, Scope, Send

from domain.errors import FootfallError
from web.passage import named, passage_of
from web.problems import Headers

logger = logging.getLogger(__name__)


class Streamed(msgspec.Struct, frozen=True):
    """An answer in pieces, made as the client takes them in.

    What goes wrong before the first of them is answered as ever. One that has `no_end` goes on
    until the client says that it will send nothing more: others are taken in to their end by then.
    """

    pieces: AsyncGenerator[bytes, None]
    media_type: bytes
    headers: Headers = ()
    no_end: bool = False


async def send_streamed(scope: Scope, receive: Receive, send: Send, found: Streamed) -> None:
    """Write the pieces; a client that goes away ends their making.

    A failure in the middle leaves the answer unfinished, so that the server closes the connection
    without the last chunk: no client takes a part for the whole. Raises `FootfallError` where there
    is no first piece.
    """
    async with aclosing(found.pieces) as pieces:
        if scope["method"] == "HEAD":  # type: ignore[typeddict-item]
            await _start(send, found)
            await _piece(send, b"", more=False)
            return
        first = await anext(pieces, b"")
        if passage := passage_of(scope):
            passage.no_end = found.no_end
        await _start(send, found)
        writing = asyncio.create_task(_write(send, first, pieces))
        leaving = asyncio.create_task(gone(receive))
        try:
            await asyncio.wait({writing, leaving}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            # The pieces may only be closed once nobody is in the middle of making one.
            for task in (leaving, writing):
                task.cancel()
            await asyncio.wait({writing, leaving})
    with suppress(asyncio.CancelledError):
        try:
            writing.result()
        except FootfallError as error:
            logger.warning("%s was left unfinished: %s%s", scope["path"], error, named(scope))


async def _write(send: Send, first: bytes, pieces: AsyncGenerator[bytes, None]) -> None:
    await _piece(send, first)
    async for piece in pieces:
        await _piece(send, piece)
        # Neither a client that takes all at once nor rows that are here already hold others up.
        await asyncio.sleep(0)
    await _piece(send, b"", more=False)


async def gone(receive: Receive) -> None:
    """Returns once the client is gone."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def _start(send: Send, found: Streamed) -> None:
    headers = [(b"content-type", found.media_type), *found.headers]
    await send({"type": "http.response.start", "status": HTTPStatus.OK, "headers": headers})


async def _piece(send: Send, body: bytes, *, more: bool = True) -> None:
    await send({"type": "http.response.body", "body": body, "more_body": more})
