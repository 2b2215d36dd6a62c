"""What `footfall check` says of who comes in."""

from pathlib import Path

import pytest

from cli.processes.keys_file import changing
from cli.verbs.check import lock_lines
from domain.errors import SettingsError
from domain.keys import Right
from domain.settings import Settings, from_env
from tests.keys import key, numbered

NOW = 1_750_000_000_000
DAY = 86_400_000
KEYS = [key(numbered(number), right) for number, right in enumerate(Right)]
WHAT = (
    "appending needs the right ingest, reading read, /metrics admin; views from browsers, /health, "
    "/ready and /schema need none)"
)


def said(**variables: str) -> list[str]:
    return list(lock_lines(from_env(variables), NOW))


@pytest.mark.parametrize(
    ("variables", "line"),
    [
        ({}, "OK    locks (HOST is 127.0.0.1: this machine alone comes in, without a key)"),
        (
            {"HOST": "0.0.0.0"},
            "WARN  locks: there are no keys and HOST is 0.0.0.0: no role that serves starts there "
            "before footfall key new has made some, or OPEN is true",
        ),
        (
            {"HOST": "0.0.0.0", "OPEN": "true"},
            "NOTE  locks: OPEN is true: whoever reaches 0.0.0.0 may append views, read everything "
            "and ask /metrics, without a key",
        ),
    ],
)
def test_without_keys_it_says_who_comes_in(variables: dict[str, str], line: str) -> None:
    assert said(**variables) == [line]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """With a file of a key for each right."""
    with changing(tmp_path / "keys") as write:
        write(KEYS)
    return Settings(keys_file=tmp_path / "keys")


def test_with_keys_it_says_what_they_open(settings: Settings) -> None:
    assert list(lock_lines(settings, NOW)) == [f"OK    locks (3 keys: {WHAT}"]


def test_it_says_what_nobody_has_a_key_to() -> None:
    assert said(READ_KEY=numbered(1)) == [
        f"OK    locks (1 key: {WHAT}",
        "NOTE  locks: no key has the right ingest: views come from browsers alone",
        "NOTE  locks: no key has the right admin: /metrics and what is stopped is told to nobody",
    ]


def test_a_key_that_is_soon_over_is_told_and_one_that_is_over_opens_nothing(
    settings: Settings,
) -> None:
    assert settings.keys_file
    ends = (NOW, NOW + 13 * DAY, NOW + 15 * DAY)
    with changing(settings.keys_file) as write:
        write(
            each._replace(expires_ms=at, name="shop") for each, at in zip(KEYS, ends, strict=True)
        )
    assert list(lock_lines(settings, NOW)) == [
        f"OK    locks (2 keys: {WHAT}",
        f"NOTE  key {KEYS[1].id} (shop) expires at 2025-06-28T15:06:40Z: make another with "
        "footfall key new",
    ]


@pytest.mark.parametrize(
    ("mode", "start"),
    [
        (0o640, None),
        (0o644, "NOTE  KEYS_FILE: others may read"),
        (0o660, "WARN  KEYS_FILE: others"),
    ],
)
def test_who_else_may_change_or_read_the_file_is_told(
    settings: Settings, mode: int, start: str | None
) -> None:
    assert settings.keys_file
    settings.keys_file.chmod(mode)
    _, *more = lock_lines(settings, NOW)
    assert len(more) == (start is not None)
    assert all(line.startswith(str(start)) for line in more)
    assert all(line.endswith(f": chmod 600 {settings.keys_file}") for line in more)


def test_keys_that_cannot_be_read_are_an_error(settings: Settings) -> None:
    assert settings.keys_file
    settings.keys_file.write_text("{")
    with pytest.raises(SettingsError, match="which is broken: line 1 is no key"):
        list(lock_lines(settings, NOW))


def test_whose_numbers_anybody_reads_is_said() -> None:
    found = said(READ_KEY=numbered(1), PUBLIC_SITES="a.example,b.example")
    assert found[-1] == (
        "NOTE  locks: PUBLIC_SITES: whoever comes reads the numbers of a.example, b.example "
        "without a key"
    )
