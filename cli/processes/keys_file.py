"""The file of keys: read again when it changes, and written so that it is whole at any moment."""

import fcntl
import logging
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from domain.errors import SettingsError
from domain.key_ring import Key, Ring
from domain.key_texts import MAX_TEXT_BYTES, keys_text, read_keys

logger = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
"""After which the file is looked at again: that long a key lives on that is taken away."""
_MODE = 0o600
# What others than the owner and the group may not, whatever was there before.
_KEPT_OF_MODE = 0o640

_Seen = tuple[int, ...]


class KeysFile:
    """The keys of a file and `others`, as they are now; `clock` has seconds that only grow.

    A file that is gone, broken or not to be read changes nothing: the keys stay that it had last,
    and the log says so once.
    """

    def __init__(self, path: Path, others: Sequence[Key], clock: Callable[[], float]) -> None:
        """Raises `SettingsError` where the file cannot be read: it has to be whole at the start."""
        self._path = path
        self._others = others
        self._clock = clock
        self._looked_at = clock()
        self._trouble = ""
        self._seen = _seen(path)
        self._ring = self._read()

    def ring(self) -> Ring:
        """The keys."""
        now = self._clock()
        if now - self._looked_at >= LOOK_SECONDS:
            self._looked_at = now
            self._look()
        return self._ring

    def _look(self) -> None:
        seen = _seen(self._path)
        if seen == self._seen:
            return
        try:
            self._ring = self._read()
        except SettingsError as error:
            # Looked at again each time: what is wrong need not be in the file.
            if str(error) != self._trouble:
                self._trouble = str(error)
                logger.error("%s; the keys stay as they were", error)
            return
        self._seen, self._trouble = seen, ""
        logger.info("KEYS_FILE has changed, there are %d keys now", len(self._ring.keys))

    def _read(self) -> Ring:
        return Ring([*read_file(self._path).keys, *self._others])


def read_file(path: Path) -> Ring:
    """What is in it. Raises `SettingsError` with what is wrong and what to do."""
    try:
        # Opening one that nobody writes to would wait for ever.
        if path.is_fifo():
            raise SettingsError("it is a pipe, which cannot be read again: name a file")
        with path.open("rb") as file:
            text = file.read(MAX_TEXT_BYTES + 1)
        if len(text) > MAX_TEXT_BYTES:
            raise SettingsError(f"it is over {MAX_TEXT_BYTES:,} bytes")
        return read_keys(text)
    except FileNotFoundError:
        message = f"KEYS_FILE is {str(path)!r}, which is not there: footfall key new makes it"
        raise SettingsError(message) from None
    except OSError as error:
        message = (
            f"KEYS_FILE is {str(path)!r}, which cannot be read: {error.strerror}: name a file that "
            "this user may read"
        )
        raise SettingsError(message) from None
    except SettingsError as error:
        raise SettingsError(f"KEYS_FILE is {str(path)!r}, which is broken: {error}") from None


@contextmanager
def changing(path: Path) -> Iterator[Callable[[Iterable[Key]], None]]:
    """Write the keys that are given to what this yields; others who want to have to wait.

    What was there stays until all of the new text is on disk. Raises `OSError`.
    """
    path = path.resolve()
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)

        def write(keys: Iterable[Key]) -> None:
            _write(path, keys_text(keys).encode())
            os.fsync(folder)

        yield write
    finally:
        os.close(folder)


def _write(path: Path, text: bytes) -> None:
    part = path.with_name(f"{path.name}.part")
    # Left by a run that was killed.
    part.unlink(missing_ok=True)
    with open(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, _MODE), "wb") as file:
        _like(path, file.fileno())
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


def _like(path: Path, made: int) -> None:
    """The owner that the file had: who serves must go on reading what root has written."""
    os.fchmod(made, _MODE)
    if not path.exists():
        return
    found = path.stat()
    if (found.st_uid, found.st_gid) != (os.geteuid(), os.getegid()):
        os.fchown(made, found.st_uid, found.st_gid)
    os.fchmod(made, _MODE | found.st_mode & _KEPT_OF_MODE)


def _seen(path: Path) -> _Seen | None:
    """What differs once the file is another one; None where there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return (
        found.st_dev,
        found.st_ino,
        found.st_size,
        found.st_mtime_ns,
        found.st_ctime_ns,
    )
