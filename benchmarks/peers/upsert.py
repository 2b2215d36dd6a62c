"""Litestar and PostgreSQL: each view is one statement, and its row is written before the answer."""

import os
import sys
from datetime import datetime

import asyncpg
import msgspec
import uvicorn
from litestar import Litestar, post

TABLE = """
    CREATE TABLE IF NOT EXISTS views (
        page text, hour timestamptz, views bigint NOT NULL, PRIMARY KEY (page, hour)
    )
"""
_UPSERT = """
    INSERT INTO views (page, hour, views) VALUES ($1, date_trunc('hour', $2::timestamptz), 1)
    ON CONFLICT (page, hour) DO UPDATE SET views = views.views + 1
"""


class View(msgspec.Struct):
    """What a single view says."""

    page: str
    timestamp: datetime


def app() -> Litestar:
    """With a pool of ten connections, asyncpg's default."""
    pool = asyncpg.create_pool(os.environ["DATABASE_URL"])

    @post("/page-views/single", status_code=202)
    async def single(data: View) -> dict[str, int]:
        await pool.execute(_UPSERT, data.page, data.timestamp)
        return {"accepted": 1}

    async def open_pool() -> None:
        await pool
        await pool.execute(TABLE)

    return Litestar([single], on_startup=[open_pool], on_shutdown=[pool.close])


if __name__ == "__main__":
    uvicorn.run(app, factory=True, port=int(sys.argv[1]), access_log=False, log_level="warning")
