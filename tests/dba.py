"""What a DBA prepares: roles with settings of their own, schemas, grants."""

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine


async def execute(url: str, *statements: str) -> None:
    """Each by itself, as whoever `url` names."""
    engine = create_async_engine(url, isolation_level="AUTOCOMMIT")
    try:
        async with engine.connect() as connection:
            for statement in statements:
                await connection.exec_driver_sql(statement)
    finally:
        await engine.dispose()


async def value(url: str, query: str) -> object:
    """The one value that `query` finds."""
    engine = create_async_engine(url, isolation_level="AUTOCOMMIT")
    try:
        async with engine.connect() as connection:
            return (await connection.exec_driver_sql(query)).scalar_one()
    finally:
        await engine.dispose()


def as_role(url: str, role: str) -> str:
    """The same database for another role."""
    return make_url(url).set(username=role, password=None).render_as_string(hide_password=False)


@asynccontextmanager
async def new_role(url: str, **settings: str) -> AsyncIterator[str]:
    """The name of a role that may log in, with `settings`; it is dropped with all it has."""
    name = f"footfall_test_{uuid.uuid4().hex[:12]}"
    await execute(url, f"CREATE ROLE {name} LOGIN")
    try:
        for setting, wanted in settings.items():
            await execute(url, f"ALTER ROLE {name} SET {setting} = {wanted}")
        yield name
    finally:
        await execute(url, f"DROP OWNED BY {name} CASCADE", f"DROP ROLE {name}")
