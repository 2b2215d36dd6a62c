"""Bring a database to the newest version. Two independent branches: the rows and the SQLite log."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from sqlalchemy import Connection, inspect, text
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.errors import NotMigrated, Outdated, SettingsError, StoreUnavailable
from migrations.history import Branch, newest, revisions, versions_in
from migrations.turn import Say, in_turn

if TYPE_CHECKING:
    from alembic.config import Config


def silent(_: str) -> None:
    """Say nothing."""


async def upgrade(engine: AsyncEngine, branch: Branch = "rows", say: Say = silent) -> str:
    """Upgrade to the newest version and return its name. Safe to run from many places at once.

    A database that a newer Footfall has upgraded is left as it is where this one understands it.
    `say` is told what may take its time, before it begins. Raises `Outdated` where it is not
    understood, `StoreUnavailable` where others use the tables all the time.
    """
    return await in_turn(engine, partial(_upgrade, branch=branch, say=say), say)


async def current(engine: AsyncEngine) -> str | None:
    """The version the database is at, None for an empty one."""
    async with engine.connect() as connection:
        return await connection.run_sync(_current)


async def require_newest(engine: AsyncEngine, branch: Branch = "rows") -> str:
    """The version the database is at: the newest, or a newer one that this code understands.

    Raises `NotMigrated` where it is older or empty, `Outdated` where this code does not understand.
    """
    async with engine.connect() as connection:
        found, understood = await connection.run_sync(_look, branch)
    if found is None or (found != newest(branch) and not understood):
        state = f"at version {found}" if found else "empty"
        message = (
            f"the database is {state}, this Footfall needs version {newest(branch)}: "
            "run footfall migrate"
        )
        raise NotMigrated(message)
    return found


async def require_understood(engine: AsyncEngine, branch: Branch = "rows") -> None:
    """Raises `Outdated` when the database is at a newer version that this code does not understand.

    Nothing else is asked of it: it may be empty, or older.
    """
    async with engine.connect() as connection:
        await connection.run_sync(_look, branch)


def _config(branch: Branch) -> "Config":
    from alembic.config import Config

    config = Config()
    # A per cent sign would begin a reference to another option.
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.attributes["branch"] = branch
    return config


def _current(connection: Connection, schema: str | None = None) -> str | None:
    found = versions_in(connection, schema)
    if len(found) > 1 or not all(version.startswith(get_args(Branch)) for version in found):
        message = (
            f"the database is at version {', '.join(sorted(found))}, which is none of Footfall's: "
            "another program keeps its tables there: name a database or schema of Footfall's own"
        )
        raise SettingsError(message)
    return found[0] if found else None


def _look(
    connection: Connection, branch: Branch, schema: str | None = None
) -> tuple[str | None, bool]:
    """The version, and whether a newer Footfall has upgraded to it.

    Raises `Outdated` unless this one understands it.
    """
    found = _current(connection, schema)
    known = {version for each in get_args(Branch) for version in revisions(each)}
    if found is None or found in known:
        return found, False
    if _oldest(connection, found) not in known:
        raise Outdated.by(found, newest(branch))
    return found, True


def _oldest(connection: Connection, found: str) -> str | None:
    """The oldest version whose programs understand the database, as far as it says so."""
    if not inspect(connection).has_table("compatibility"):
        return None
    asked = text("SELECT oldest FROM compatibility WHERE revision = :found")
    return connection.execute(asked, {"found": found}).scalar_one_or_none()


def _upgrade(connection: Connection, branch: Branch, say: Say) -> str:
    schema = _schema(connection) if connection.dialect.name == "postgresql" else None
    found, newer = _look(connection, branch, schema)
    if found is not None and (newer or found == newest(branch)):
        return found
    if found is not None:
        say(f"upgrading the {branch} from {found} to {newest(branch)}")
    # Only who upgrades needs it: loading it takes a fifth of a process's start.
    from alembic import command

    config = _config(branch)
    config.attributes["connection"] = connection
    config.attributes["schema"] = schema
    command.upgrade(config, f"{branch}@head")
    return newest(branch)


def _schema(connection: Connection) -> str:
    """Where tables are made: what other schemas hold is of other installations."""
    found = connection.execute(text("SELECT current_schema()")).scalar_one()
    if found is None:
        path = connection.execute(text("SHOW search_path")).scalar_one()
        message = (
            f"search_path is {path}: no schema of that name exists that this role may use. "
            "CREATE SCHEMA makes one, GRANT USAGE ON SCHEMA lets a role use it"
        )
        raise StoreUnavailable(message)
    return str(found)
