"""Which versions the databases are at, and the refusal to work on one that does not fit."""

from contextlib import suppress

from domain.database_files import file_of
from domain.errors import FootfallError, NotMigrated, StoreUnavailable
from domain.settings import Settings
from domain.version import VERSION
from migrations.history import Branch, newest
from migrations.upgrade import require_newest
from rows.database import database_errors
from rows.engine import engine_at


async def require_migrated(settings: Settings) -> None:
    """Raises `NotMigrated` or `Outdated` where the rows or the log's file do not fit this code."""
    for branch, url in _databases(settings).items():
        await version_at(url, branch)


async def require_served(settings: Settings, *, ingest: bool, read_api: bool) -> None:
    """The same of what a web role uses. One that is away now may come back: that is no refusal."""
    with suppress(StoreUnavailable):
        if read_api:
            await version_at(settings.reports_url, "rows")
    with suppress(StoreUnavailable):
        if ingest and settings.rabbitmq_url is None:
            await version_at(settings.log_url, "log")


async def version_at(url: str, branch: Branch = "rows") -> str:
    """The version of the database at `url`, which this code can work on.

    Raises `NotMigrated`, `Outdated`, and `StoreUnavailable` where it cannot be reached.
    """
    _require_file(url, branch)
    async with engine_at(url, read_only=True) as engine, database_errors():
        return await require_newest(engine, branch)


async def compare_versions(settings: Settings) -> tuple[bool, str]:
    """Do they fit? And for people: the program's, each database's, and what to do."""
    fits = True
    parts = [f"Footfall {VERSION}"]
    for branch, url in _databases(settings).items():
        try:
            parts.append(f"{branch} at {await version_at(url, branch)}")
        except FootfallError as error:
            fits = False
            parts.append(f"{branch}: {error}")
    return fits, "; ".join(parts)


def _databases(settings: Settings) -> dict[Branch, str]:
    found: dict[Branch, str] = {"rows": settings.rows_url}
    if settings.rabbitmq_url is None:
        found["log"] = settings.log_url
    return found


def _require_file(url: str, branch: Branch) -> None:
    # Whoever opens a file that is missing makes an empty one.
    file = file_of(url)
    if file is not None and not file.exists():
        message = (
            f"the file {file} is not there, this Footfall needs it at version {newest(branch)}: "
            "run footfall migrate"
        )
        raise NotMigrated(message)
