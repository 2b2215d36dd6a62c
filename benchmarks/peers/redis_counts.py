"""Litestar and Redis: a hash for each hour, a field for each page."""

import os
import sys
from datetime import datetime

import msgspec
import redis.asyncio
import uvicorn
from litestar import Litestar, post


class View(msgspec.Struct):
    """What a single view says."""

    page: str
    timestamp: datetime


def app() -> Litestar:
    """With the client's own pool."""
    counts = redis.asyncio.from_url(os.environ["REDIS_URL"])

    @post("/page-views/single", status_code=202)
    async def single(data: View) -> dict[str, int]:
        await counts.hincrby(f"views:{data.timestamp:%Y-%m-%dT%H}", data.page, 1)
        return {"accepted": 1}

    return Litestar([single], on_shutdown=[counts.aclose])


if __name__ == "__main__":
    uvicorn.run(app, factory=True, port=int(sys.argv[1]), access_log=False, log_level="warning")
