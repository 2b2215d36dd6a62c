"""The folder of the embedded files: what can be seen to be wrong before anything is opened."""

import os
import tempfile
from pathlib import Path

from domain.errors import StoreUnavailable
from domain.settings import Settings
from rows.sqlite.private import make_folder

# What group and others may.
_OTHERS = 0o077
_MAGIC = b"SQLite format 3\0"
_ELSEWHERE = "name another folder with DATA_DIR"


def require_folder(settings: Settings) -> None:
    """Make the folder where it is missing. Raises `StoreUnavailable` where it cannot be used.

    Whoever reads has to write there too: SQLite notes who reads. Nothing is asked where both
    sides are on servers.
    """
    files = _embedded(settings)
    if not files:
        return
    try:
        _require(settings.data_dir, files)
    except OSError as error:
        message = f"DATA_DIR is {str(settings.data_dir)!r}, no files can be there: "
        raise StoreUnavailable(f"{message}{error.strerror}: {_ELSEWHERE}") from error


def open_to_others(settings: Settings) -> list[Path]:
    """The folder, then its files that others than their owner may read or change; none or both."""
    found = [
        file for file in _embedded(settings) if file.exists() and file.stat().st_mode & _OTHERS
    ]
    # Nobody gets past a folder of one's own.
    if not found or not settings.data_dir.stat().st_mode & _OTHERS:
        return []
    return [settings.data_dir, *found]


def _embedded(settings: Settings) -> list[Path]:
    """The files of the sides that are not on servers."""
    files = [settings.log_file] if settings.rabbitmq_url is None else []
    files += [settings.rows_file] if settings.database_url is None else []
    return files


def _require(folder: Path, files: list[Path]) -> None:
    make_folder(folder)
    if missing := [file for file in files if not file.exists()]:
        # Really tried: the rights of a folder do not tell for root, nor what a disk lets be done.
        tempfile.TemporaryFile(dir=folder, prefix=missing[0].stem).close()
    elif not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        raise PermissionError(0, "this user may not write there")
    for file in files:
        if file.exists():
            _require_ours(file)


def _require_ours(file: Path) -> None:
    if not file.is_file():
        raise StoreUnavailable(f"{file} is no file: move it away, or {_ELSEWHERE}")
    if not os.access(file, os.R_OK | os.W_OK):
        raise StoreUnavailable(f"{file} cannot be read and written by this user: change its owner")
    with file.open("rb") as opened:
        found = opened.read(len(_MAGIC))
    if found and found != _MAGIC:
        message = f"{file} is no SQLite file, or a damaged one: restore it or move it away"
        raise StoreUnavailable(f"{message}, or {_ELSEWHERE}")
