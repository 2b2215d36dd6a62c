"""What the rows take for the newest version is what the migrations make."""

import tomllib
from pathlib import Path

from sqlalchemy import text

from cli.wiring.migrate import migrate
from domain.version import VERSION
from migrations.history import newest
from rows.engine import engine_at
from rows.revision import REVISION
from tests.conftest import embedded

REPOSITORY = Path(__file__).parents[3]


def test_the_tables_are_described_at_their_newest_version() -> None:
    assert newest() == REVISION


async def test_the_newest_migration_says_who_understands_it(tmp_path: Path) -> None:
    settings = embedded(tmp_path)
    await migrate(settings)
    async with engine_at(settings.rows_url) as engine, engine.connect() as connection:
        found = await connection.execute(text("SELECT revision FROM compatibility"))
        assert REVISION in set(found.scalars())


def test_the_program_says_the_version_it_is_released_as() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    assert project["version"] == VERSION
