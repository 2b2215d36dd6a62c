"""The key with which a verb asks a service: never on the command line, where others can read it."""

import os
from pathlib import Path

import click

VARIABLE = "FOOTFALL_KEY"
_MOST_BYTES = 4_096


def client_key(file: Path | None) -> str:
    """What is in the file, or else in the variable; empty where there is neither.

    Raises `click.UsageError` where that cannot be sent, and never says what it is.
    """
    key, where = (_read(file), str(file)) if file else (os.environ.get(VARIABLE, ""), VARIABLE)
    key = key.strip()
    if not key and file:
        raise click.UsageError(f"{where} has no key in it")
    if not key.isascii() or not key.isprintable() or " " in key:
        raise click.UsageError(f"{where} is no key: a key is one word of ASCII")
    return key


def _read(file: Path) -> str:
    try:
        with file.open("rb") as opened:
            return opened.read(_MOST_BYTES).decode("latin-1")
    except OSError as error:
        raise click.UsageError(f"{file}: {error.strerror}")
