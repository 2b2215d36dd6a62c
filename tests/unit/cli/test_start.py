"""A verb loads what it uses and nothing else: it starts in half the time, and holds less."""

import subprocess
import sys
from contextlib import nullcontext

import click
import pytest

from cli.main import main

HTTP = ("litestar", "uvicorn")
BROKER = ("aio_pika",)
DATABASE = ("sqlalchemy", "aiosqlite", "asyncpg")
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
        # What it does to begin with, one of its children does.
        ("up", (*HTTP, *BROKER, *DATABASE, "alembic", "httpx", "rich")),
        ("verify", (*HTTP, *BROKER, "alembic", "httpx")),
    ],
)
def test_it_begins_without_what_only_others_need(module: str, never: tuple[str, ...]) -> None:
    command = [sys.executable, "-c", SHOWS_LOADED.format(module=module)]
    loaded = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    assert f"cli.verbs.{module}" in loaded
    assert not {*never} & {*loaded}


def test_the_list_of_verbs_loads_none_of_them() -> None:
    listing = (
        "import sys; from cli.main import main; main(['--help'], standalone_mode=False);"
        "print('loaded', *sys.modules)"
    )
    command = [sys.executable, "-c", listing]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    loaded = told.splitlines()[-1].split()
    assert "cli.main" in loaded
    services = ("ingest", "log", "projector", "read_api", "rows", "web", "importer", "migrations")
    never = {*HTTP, *BROKER, *DATABASE, *services, "alembic", "asyncio", "httpx", "uvloop"}
    assert not never & {*loaded}
    assert not [name for name in loaded if name.startswith("cli.verbs.")]


def test_the_list_says_of_each_verb_what_its_own_help_begins_with(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # The signals are those of the tests here.
    monkeypatch.setattr("cli.main.ending_quietly", lambda _: nullcontext())
    context = click.Context(main)
    # As wide as it takes to be told whole, and so narrow that sentences are cut.
    for width in (200, 80):
        formatter = click.HelpFormatter(width=width)
        main.format_commands(context, formatter)
        wanted = click.HelpFormatter(width=width)
        click.Group.format_commands(main, context, wanted)
        assert formatter.getvalue() == wanted.getvalue()


def test_what_serves_loads_no_broker_and_no_migrations_before_it_needs_them() -> None:
    shows = "import sys, cli.processes.serving, cli.wiring.web; print(*sys.modules)"
    command = [sys.executable, "-c", shows]
    loaded = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    assert {*HTTP} <= {*loaded}
    assert not {*BROKER, "alembic", "mako", "httpx", "rich", "importer"} & {*loaded}
