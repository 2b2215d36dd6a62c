"""What earlier releases wrote (`tests/data/README.md`), brought back as it was."""

import json
import shutil
from pathlib import Path
from typing import Any

import asyncpg

from domain.database_files import file_of

DATA = Path(__file__).parents[1] / "data"
RELEASES = ("0.1.0", "0.2.0")


def expected(release: str, backend: str) -> dict[str, Any]:
    """What that release counted and said."""
    found: dict[str, Any] = json.loads((DATA / release / backend / "expected.json").read_text())
    return found


async def restore_rows(release: str, url: str) -> None:
    """The rows of a release at an empty database's URL."""
    if file := file_of(url):
        _restore_file(release, file)
        return
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    await connection.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    await connection.execute((DATA / release / "production" / "rows.sql").read_text())
    await connection.close()


def _restore_file(release: str, file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    for suffix in ("-wal", "-shm"):
        # What belongs to another file would be read into this one.
        file.with_name(file.name + suffix).unlink(missing_ok=True)
    shutil.copy(DATA / release / "embedded" / "rows.sqlite3", file)
