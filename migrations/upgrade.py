"""Bring a database to the newest version. Two independent branches: the rows and the SQLite log."""

from pathlib import Path
from typing import Literal

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.exc import DatabaseError
from sqlalchemy.ext.asyncio import AsyncEngine

Branch = Literal["rows", "log"]
LOCK = 0x_F007_FA11


async def upgrade(engine: AsyncEngine, branch: Branch = "rows") -> str:
    """Upgrade to the newest version and return its name. Safe to run from many places at once."""
    async with engine.begin() as connection:
        await connection.run_sync(_upgrade, branch)
    return newest(branch)


async def current(engine: AsyncEngine) -> str | None:
    """The version the database is at, None for an empty one."""
    async with engine.connect() as connection:
        try:
            found = await connection.execute(text("SELECT version_num FROM alembic_version"))
        except DatabaseError:
            return None
        return found.scalar_one_or_none()


def newest(branch: Branch = "rows") -> str:
    """The version this code expects."""
    revision = ScriptDirectory.from_config(_config(branch)).get_revision(f"{branch}@head")
    return str(revision.revision)


def _config(branch: Branch) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["branch"] = branch
    return config


def _upgrade(connection: Connection, branch: Branch) -> None:
    if connection.dialect.name == "postgresql":
        # Two roles that start together must not both create the tables.
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
    config = _config(branch)
    config.attributes["connection"] = connection
    command.upgrade(config, f"{branch}@head")
