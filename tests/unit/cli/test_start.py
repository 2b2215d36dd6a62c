"""A verb loads what it uses and nothing else: it starts in half the time, and holds less."""

import subprocess
import sys

import pytest

HTTP = ("litestar", "uvicorn")
BROKER = ("aio_pika",)
SHOWS_LOADED = "import sys, cli.verbs.{module}; print(*sys.modules)"


@pytest.mark.parametrize(
    ("module", "never"),
    [
        ("check", (*HTTP, *BROKER, "alembic", "httpx")),
        ("dead_letters", (*HTTP, *BROKER, "alembic", "httpx", "rich")),
        ("import_", (*HTTP, *BROKER, "alembic", "sqlalchemy")),
        ("migrate", (*HTTP, *BROKER, "alembic", "httpx", "rich")),
        ("replay", (*HTTP, *BROKER, "alembic", "httpx")),
        ("retain", (*HTTP, *BROKER, "alembic", "httpx", "rich")),
        # Ingest and read API load more once they know that they are to answer.
        ("roles", (*HTTP, *BROKER, "alembic", "httpx", "rich")),
        ("status", (*HTTP, *BROKER, "alembic", "httpx", "rich")),
        ("up", (*HTTP, *BROKER, "alembic", "httpx", "rich")),
        ("verify", (*HTTP, *BROKER, "alembic", "httpx")),
    ],
)
def test_it_begins_without_what_only_others_need(module: str, never: tuple[str, ...]) -> None:
    command = [sys.executable, "-c", SHOWS_LOADED.format(module=module)]
    loaded = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    assert f"cli.verbs.{module}" in loaded
    assert not {*never} & {*loaded}
