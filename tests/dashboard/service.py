"""A Footfall that runs, for people to look at."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import httpx

from cli.wiring.migrate import migrate
from domain.settings import Settings
from tests.acceptance.processes import Role, until
from tests.conftest import embedded, open_backend
from tests.servers import PrivatePostgres

Backend = Literal["embedded", "production"]
Views = Mapping[str, Mapping[str, int]]
"""Page to moment (ISO 8601) to how many."""

_PRODUCTION = ("ingest", "projector", "read-api")
# Of what the door for hits takes at once.
_MOST_HITS = 500


class Service:
    """`url` is where people look; `roles` are its processes by verb, `up` alone where embedded."""

    def __init__(self, settings: Settings, roles: Mapping[str, Role]) -> None:
        self.settings = settings
        self.roles = roles
        self.url = roles["up" if "up" in roles else "read-api"].url
        self._ingest_url = roles["up" if "up" in roles else "ingest"].url
        key = settings.admin_key.split(",")[0]
        self._headers = {"authorization": f"Bearer {key}"} if key else {}

    async def send(self, views: Views) -> None:
        """Have these views counted: every answer has them then, and is complete so far."""
        sent = await self._post("/page-views/multi", views)
        position = sent.headers["footfall-position"]
        await self.ask("/stats/bounds", min_position=position, wait="10")
        await self.complete()

    async def hits(self, hits: Sequence[Mapping[str, str]]) -> None:
        """Likewise, a view each: `path` is a whole address; `ref` and `created_at` if need be.

        Nobody else may send meanwhile.
        """
        expected = len(hits) + await self.total(period="all")
        for first in range(0, len(hits), _MOST_HITS):
            some = hits[first : first + _MOST_HITS]
            await self._post("/api/v0/count", {"no_sessions": True, "hits": some})

        async def counted() -> bool:
            return await self.total(period="all") == expected

        await until(counted, f"{expected} views being counted")
        await self.complete()

    async def ask(self, path: str, **query: str) -> Any:
        """The answer of the API to the same question that the page asks; `from_` is `from`."""
        given = {name.rstrip("_").replace("_", "-"): value for name, value in query.items()}
        async with self._client(self.url) as client:
            found = await client.get(path, params=given)
        assert found.status_code == 200, found.text
        return found.json()

    async def total(self, **query: str) -> int:
        """The views of a range and selection, 7 days of all where nothing is said."""
        found: int = (await self.ask("/stats/views", **query))["total"]
        return found

    async def complete(self) -> None:
        """Return once the numbers are complete until the moment of the call, in every partition."""
        now = datetime.now(UTC)

        async def known() -> bool:
            until = (await self.ask("/stats/state"))["complete_until"]
            return until is not None and datetime.fromisoformat(until) >= now

        await until(known, "the numbers being complete", 60)

    async def _post(self, path: str, content: object) -> httpx.Response:
        async with self._client(self._ingest_url) as client:
            sent = await client.post(path, json=content)
        assert sent.status_code == 202, sent.text
        return sent

    def _client(self, url: str) -> httpx.AsyncClient:
        return httpx.AsyncClient(base_url=url, headers=self._headers, timeout=30)


@asynccontextmanager
async def running(backend: Backend, folder: Path, **changes: Any) -> AsyncIterator[Service]:
    """`footfall up` in files below `folder`, or its three roles on RabbitMQ and PostgreSQL.

    `changes` are of its settings. Nothing is counted yet.
    """
    async with open_backend(backend, folder) as found, AsyncExitStack() as stack:
        settings = replace(found, **changes)
        verbs = ("up",) if backend == "embedded" else _PRODUCTION
        roles = {verb: await stack.enter_async_context(Role(settings, verb)) for verb in verbs}
        for verb, role in roles.items():
            await (role.start() if verb == "projector" else role.serving())
        yield Service(settings, roles)


@asynccontextmanager
async def on(database: PrivatePostgres, folder: Path) -> AsyncIterator[Service]:
    """A Footfall on a database that may go away, its log in a file."""
    settings = replace(embedded(folder), database_url=database.url)
    await migrate(settings)
    async with Role(settings, "up") as role:
        yield Service(settings, {"up": await role.serving()})
