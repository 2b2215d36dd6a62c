"""Files and folders of the embedded databases: only their user's, whatever the umask.

Page names hold tokens and search words. What is there already is its operator's and stays as it is.
"""

import os
from pathlib import Path

FOLDER_MODE = 0o700
FILE_MODE = 0o600


def make_folder(folder: Path) -> None:
    """Make it, and the folders above it that are missing. Raises `OSError`."""
    if folder.is_dir():
        return
    if not folder.parent.is_dir():
        make_folder(folder.parent)
    try:
        folder.mkdir(FOLDER_MODE)
    except FileExistsError:
        if not folder.is_dir():
            raise
        return
    # A umask can only have taken from it.
    if folder.stat().st_mode & FOLDER_MODE != FOLDER_MODE:
        folder.chmod(FOLDER_MODE)


def make_file(file: Path) -> None:
    """Make an empty one, which SQLite takes for a new database. Raises `OSError`.

    SQLite gives its companions, -wal and -shm, the mode of the file itself.
    """
    try:
        made = os.open(file, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, FILE_MODE)
    except FileExistsError:
        return
    try:
        os.fchmod(made, FILE_MODE)
    finally:
        os.close(made)
