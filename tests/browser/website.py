"""Websites for a real browser, and a service beside them that writes down what pages send."""

import asyncio
import json
import socket
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self
from urllib.parse import urlsplit

import httpx
import uvicorn

from ingest.tracker.routes import tracker_routes
from web.app import create_app

SERVICE = "http://stats.example"
SHOP = "http://shop.example"
ENDPOINTS = ("/page-views/browser", "/api/event")
# Under which the shop passes on what is asked, as a proxy of its own would.
OWN_PATH = "/seen"
SECONDS = 15
Headers = Mapping[str, str]
BELOW = "/modules/"
JAVASCRIPT = {"content-type": "text/javascript"}


class Page(NamedTuple):
    """What a website answers, and with which headers beside."""

    html: str
    headers: Headers


class Sent(NamedTuple):
    """A request that a page made of the service."""

    method: str
    path: str
    headers: Headers
    body: bytes

    @property
    def content(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = json.loads(self.body)
        return found

    @property
    def page(self) -> str:
        """Path and fragment of the view's address."""
        content = self.content
        address = urlsplit(str(content.get("url", content.get("u"))))
        return address.path + (f"#{address.fragment}" if address.fragment else "")


class Websites:
    """All names lead here: `pages` by address, and the service at `SERVICE`.

    `modules` are below `BELOW` of every website. What comes for `ENDPOINTS` is kept in `sent`, and
    answered with 202, unless all the service has is passed on to `upstream`. What is asked below
    /hang is answered once `released`.
    """

    def __init__(self) -> None:
        self.pages: dict[str, Page] = {}
        self.sent: list[Sent] = []
        self.asked: list[str] = []
        self.released = asyncio.Event()
        self.upstream = ""
        self.modules: Path | None = None
        self._changed = asyncio.Condition()
        self._scripts: Any = create_app(tracker_routes(), {}, {})
        self._socket = socket.create_server(("127.0.0.1", 0))
        config = uvicorn.Config(
            self._answer, interface="asgi3", lifespan="off", proxy_headers=False, log_config=None
        )
        self._server = uvicorn.Server(config)
        self._serving: asyncio.Task[None] | None = None

    @property
    def port(self) -> int:
        """Where all of it is."""
        found: int = self._socket.getsockname()[1]
        return found

    def begin(self) -> None:
        """As nobody had asked for anything yet."""
        self.pages.clear()
        self.sent.clear()
        self.asked.clear()
        self.released = asyncio.Event()
        self.upstream = ""

    async def until(self, holds: Callable[[], bool], what: str) -> None:
        """Return once it does; fails naming `what`."""
        try:
            async with asyncio.timeout(SECONDS), self._changed:
                await self._changed.wait_for(holds)
        except TimeoutError as error:
            raise AssertionError(f"{what} did not come: {self.sent} of {self.asked}") from error

    async def _answer(self, scope: Any, receive: Any, send: Any) -> None:
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        target = scope["path"] + ("?" + scope["query_string"].decode()).rstrip("?")
        address = f"http://{headers['host']}{target}"
        await self._note(lambda: self.asked.append(address))
        own = f"{SHOP}{OWN_PATH}/"
        if address.startswith(own):
            await self._serve(scope, receive, send, headers, "/" + address.removeprefix(own))
        elif address.startswith(f"{SERVICE}/"):
            await self._serve(scope, receive, send, headers, target)
        else:
            await _send_page(send, self.pages.get(address) or self._module(address))

    async def _serve(
        self, scope: Any, receive: Any, send: Any, headers: Headers, path: str
    ) -> None:
        body = await _body(receive)
        if path.startswith("/hang"):
            await self.released.wait()
        if path in ENDPOINTS:
            await self._note(lambda: self.sent.append(Sent(scope["method"], path, headers, body)))
        if self.upstream:
            await self._pass_on(scope["method"], path, headers, body, send)
        elif path in ENDPOINTS or path.startswith("/hang"):
            cors = [(b"access-control-allow-origin", b"*")]
            await send({"type": "http.response.start", "status": 202, "headers": cors})
            await send({"type": "http.response.body", "body": b"ok"})
        else:
            inner = {**scope, "path": path, "raw_path": path.encode(), "query_string": b""}
            await self._scripts(inner, receive, send)

    def _module(self, address: str) -> Page | None:
        """Of those below /modules/, found as a bundler does."""
        path = urlsplit(address).path
        if self.modules is None or not path.startswith(BELOW):
            return None
        file = self.modules / path.removeprefix(BELOW)
        found = file if file.suffix else file.with_suffix(".js")
        return Page(found.read_text(), JAVASCRIPT)

    async def _pass_on(
        self, method: str, path: str, headers: Headers, body: bytes, send: Any
    ) -> None:
        kept = {k: v for k, v in headers.items() if k not in ("connection", "content-length")}
        async with httpx.AsyncClient(base_url=self.upstream) as client:
            found = await client.request(method, path, headers=kept, content=body)
        dropped = ("content-length", "content-encoding", "transfer-encoding", "connection")
        given = [(k.encode(), v.encode()) for k, v in found.headers.items() if k not in dropped]
        start = {"type": "http.response.start", "status": found.status_code, "headers": given}
        await send(start)
        await send({"type": "http.response.body", "body": found.content})

    async def _note(self, change: Callable[[], None]) -> None:
        async with self._changed:
            change()
            self._changed.notify_all()

    async def __aenter__(self) -> Self:
        self._serving = asyncio.create_task(self._server.serve([self._socket]))
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._serving is not None
        self.released.set()
        self._server.should_exit = True
        self._server.force_exit = True
        await self._serving
        self._socket.close()


async def _send_page(send: Any, page: Page | None) -> None:
    html, more = page or Page("", {})
    headers = {"content-type": "text/html; charset=utf-8", **more}
    given = [(name.encode(), value.encode()) for name, value in headers.items()]
    status = 404 if page is None else 200
    await send({"type": "http.response.start", "status": status, "headers": given})
    await send({"type": "http.response.body", "body": html.encode()})


async def _body(receive: Any) -> bytes:
    body, more = b"", True
    while more:
        message = await receive()
        body, more = body + message.get("body", b""), message.get("more_body", False)
    return body
