"""The yardsticks: the same server and handler style with nothing behind them."""

import sys

from litestar.types import Receive, Scope
from sqlalchemy import text

from cli.processes.running import run, settings_or_exit
from cli.processes.serving import serve
from domain.settings import Settings
from ingest.decoding import decode
from ingest.requests import MAX_BODY_BYTES
from rows.engine import open_engine
from web.app import create_app, route
from web.bodies import Bodies
from web.problems import Answer, answer

_ACCEPTED = answer({"accepted": 1}, 202)
_bodies = Bodies(MAX_BODY_BYTES, seconds=10)


async def decode_only(scope: Scope, receive: Receive) -> Answer:
    """Decode the body, forget it."""
    await _bodies.read(scope, receive, decode)
    return _ACCEPTED


def main(settings: Settings) -> None:
    """Serve POST /bare and GET /select-1."""
    engine = open_engine(settings.rows_url, read_only=True)

    async def select_1(_: Scope, __: Receive) -> Answer:
        async with engine.connect() as connection:
            found = await connection.execute(text("SELECT 1"))
            return answer({"data": [found.scalar_one()]})

    async def serving() -> int:
        app = create_app(
            [route("/bare", "POST", decode_only), route("/select-1", "GET", select_1)], {}, {}
        )
        return await serve(app, settings)

    run(serving())


if __name__ == "__main__":
    main(settings_or_exit(PORT=sys.argv[1]))
