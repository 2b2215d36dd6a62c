"""A file that is there once it is whole."""

import os
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path


async def write_whole(pieces: AsyncIterator[bytes], path: Path) -> None:
    """Under another name until all is on disk; what was there before stays until then.

    Raises `OSError`, and whatever ends the pieces.
    """
    part = path.with_name(f"{path.name}.part")
    try:
        with part.open("wb") as file:
            async for piece in pieces:
                file.write(piece)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except BaseException:
        with suppress(OSError):
            part.unlink()
        raise
