"""Which versions there are, known without Alembic: every start asks, and it takes long to load."""

from pathlib import Path
from typing import Literal

from sqlalchemy import Connection, column, inspect, select, table

Branch = Literal["rows", "log"]

_TABLE = "alembic_version"


def revisions(branch: Branch) -> list[str]:
    """The versions that this code knows, oldest first; each is the name of its file."""
    found = Path(__file__).with_name("versions").glob(f"{branch}_*.py")
    return sorted(file.stem for file in found)


def newest(branch: Branch = "rows") -> str:
    """The version this code expects."""
    return revisions(branch)[-1]


def versions_in(connection: Connection, schema: str | None) -> list[str]:
    """What the database says it is at; none where it is empty."""
    if not inspect(connection).has_table(_TABLE, schema):
        return []
    stored = table(_TABLE, column("version_num"), schema=schema)
    return list(connection.scalars(select(stored.c.version_num)))
