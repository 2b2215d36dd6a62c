"""The limits: uvicorn as it is, with nothing behind it, and with one bare handler of Litestar.

Nothing of Footfall is in them, so that they stay the same when Footfall's own server changes.
"""

import sys

import msgspec
import uvicorn
from litestar import Litestar, post
from litestar.types import ASGIApp, Receive, Scope, Send

_BODY = b'{"accepted":1}'


class View(msgspec.Struct):
    """What a single view says."""

    page: str
    timestamp: str


async def noop(scope: Scope, receive: Receive, send: Send) -> None:
    """Read the body to its end, answer 202."""
    while (await receive()).get("more_body"):
        pass
    headers = [(b"content-type", b"application/json"), (b"content-length", b"14")]
    await send({"type": "http.response.start", "status": 202, "headers": headers})
    await send({"type": "http.response.body", "body": _BODY, "more_body": False})


def litestar() -> ASGIApp:
    """A handler as Litestar's documentation shows them: it decodes the view and forgets it."""

    @post("/page-views/single", status_code=202)
    async def single(data: View) -> dict[str, int]:
        return {"accepted": 1}

    return Litestar([single])


def main(name: str, port: int) -> None:
    """Serve one of the two."""
    app = noop if name == "noop" else litestar()
    uvicorn.run(
        app,
        host="127.0.0.1",
        port=port,
        loop="uvloop",
        http="httptools",
        lifespan="off",
        access_log=False,
        log_level="warning",
    )


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
