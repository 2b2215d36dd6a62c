"""Requests to the service: their answers are bounded, in seconds and in bytes."""

import asyncio
from collections.abc import Coroutine
from threading import Thread
from typing import Any, TypeVar

import httpx

_T = TypeVar("_T")

MAX_ANSWER_BYTES = 65_536
"""More than the service ever says: the content of a longer answer is not read."""

_HEADERS = {"content-type": "application/json", "accept-encoding": "identity"}
_KEPT_HEADERS = ("content-type", "retry-after", "location")
# Shorter than servers keep an idle connection, or a request could meet its closing.
_KEEP_SECONDS = 2.0


class Poster:
    """Posts to `to`, from any thread, over so many connections.

    `seconds` are for a request and the whole of its answer, half of them to connect. A loop of its
    own waits: only there a limit holds for all of an answer, however slowly it comes. Each request
    shows the `key`, where there is one.
    """

    def __init__(self, to: str, seconds: float, connections: int, key: str = "") -> None:
        self._url = f"{to}/page-views/multi"
        self._seconds = seconds
        self._client = httpx.AsyncClient(
            headers=_HEADERS | ({"authorization": f"Bearer {key}"} if key else {}),
            timeout=httpx.Timeout(seconds, connect=seconds / 2),
            limits=httpx.Limits(max_connections=connections, keepalive_expiry=_KEEP_SECONDS),
        )
        self._closed = False
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._loop.run_forever, name="answers", daemon=True)
        self._thread.start()

    def post(self, body: bytes) -> httpx.Response:
        """The answer; its content as it was sent and never unpacked, or empty where it is too long.

        Raises `httpx.HTTPError` and `TimeoutError`.
        """
        return self._wait_for(self._post(body))

    def close(self) -> None:
        """Close the connections; nothing the second time, even where the first was cut short."""
        if self._closed:
            return
        self._closed = True
        self._wait_for(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _end(self) -> None:
        await self._client.aclose()
        # What an answer that was not read to its end left behind: asyncio says so where the loop
        # ends first.
        await self._loop.shutdown_asyncgens()
        left = asyncio.all_tasks() - {asyncio.current_task()}
        await asyncio.gather(*left, return_exceptions=True)

    def _wait_for(self, work: Coroutine[Any, Any, _T]) -> _T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    async def _post(self, body: bytes) -> httpx.Response:
        async with asyncio.timeout(self._seconds):
            async with self._client.stream("POST", self._url, content=body) as response:
                headers = {name: response.headers.get(name) for name in _KEPT_HEADERS}
                return httpx.Response(
                    response.status_code,
                    headers={name: value for name, value in headers.items() if value},
                    content=await _bounded(response),
                )


async def _bounded(response: httpx.Response) -> bytes:
    """All of it, or nothing: what was cut off could mean anything."""
    read = b""
    async for chunk in response.aiter_raw():
        read += chunk
        if len(read) > MAX_ANSWER_BYTES:
            return b""
    return read
