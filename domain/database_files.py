"""The embedded databases are files, and named like servers by a URL.

In these a path stands as it is: a folder may have any name, one that means something in a URL too.
"""

from pathlib import Path

_SCHEME = "sqlite:"


def file_url(file: Path) -> str:
    """What `file_of` reads."""
    return f"{_SCHEME}{file}"


def file_of(url: str) -> Path | None:
    """The file that a URL names, None where it is a server's."""
    return Path(url.removeprefix(_SCHEME)) if url.startswith(_SCHEME) else None
