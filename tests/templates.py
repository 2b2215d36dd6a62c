"""Databases at the newest version: migrated once a process, then copied.

A migration takes longer than most tests; its own are in `tests/migrations`.
"""

import asyncio
import shutil
import tempfile
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.engine import make_url

from domain.settings import Settings
from migrations.upgrade import upgrade
from rows.engine import engine_at, open_engine
from tests.servers import postgres_url

_made: dict[str, str] = {}


async def fill(settings: Settings) -> None:
    """The files of the embedded backend, with nothing in them."""
    if "folder" not in _made:
        folder = Path(tempfile.mkdtemp(prefix="footfall-template-"))
        template = Settings(data_dir=folder)
        async with engine_at(template.rows_url) as rows, engine_at(template.log_url) as log:
            await upgrade(rows)
            await upgrade(log, "log")
        _made["folder"] = str(folder)
    shutil.copytree(_made["folder"], settings.data_dir, dirs_exist_ok=True)


@asynccontextmanager
async def postgres_database(*, migrated: bool = False) -> AsyncIterator[str]:
    """The URL of a database with nothing in it, dropped afterwards; empty unless `migrated`."""
    how = f"TEMPLATE {await _template()}" if migrated else ""
    name = f"footfall_test_{uuid.uuid4().hex[:12]}"
    await _tell(f"CREATE DATABASE {name} {how}")
    yield _url_of(name)
    await _tell(f"DROP DATABASE {name} WITH (FORCE)")


def _url_of(database: str) -> str:
    return make_url(postgres_url()).set(database=database).render_as_string(hide_password=False)


def remove_templates() -> None:
    """At the end of the process's tests."""
    if folder := _made.pop("folder", None):
        shutil.rmtree(folder)
    if database := _made.pop("database", None):
        asyncio.run(_tell(f"DROP DATABASE {database} WITH (FORCE)"))


async def _template() -> str:
    if "database" not in _made:
        name = f"footfall_template_{uuid.uuid4().hex[:12]}"
        await _tell(f"CREATE DATABASE {name}")
        _made["database"] = name
        async with engine_at(_url_of(name)) as engine:
            await upgrade(engine)
    return _made["database"]


async def _tell(statement: str) -> None:
    server = open_engine(postgres_url(), read_only=True)
    async with server.connect() as connection:
        await connection.execute(text(statement))
    await server.dispose()
