"""Are there as many partitions as NUM_PARTITIONS says? Asked before views are taken."""

import asyncio
import logging

from cli.output.partitions import beyond, fewer_line, missing_line
from cli.wiring.process import application_name, now_ms
from domain.errors import LogUnavailable, NotDeclared, NotMigrated, StoreUnavailable
from domain.operations import Operations
from domain.settings import Settings
from log.opening import open_log
from rows.opening import open_rows

logger = logging.getLogger(__name__)

# Ingest starts without the database, and says at /ready what it lacks of the log.
_PATIENCE_SECONDS = 3.0


async def require_partitions(settings: Settings, role: str) -> None:
    """Log and database have them all, as far as they answer in time.

    Raises `NotDeclared` where the log has fewer, and `NotMigrated` where the database does: nobody
    would fold the rest. That more are written than are known here is logged.
    """
    refused, known = await asyncio.gather(_refused(settings), _known(settings, role))
    if refused is not None:
        raise refused
    if known is None:
        return
    if missing := missing_line(settings.num_partitions, known.ownership.owners):
        raise NotMigrated(missing)
    folded = known.checkpoints.get(known.live, ())
    here = settings.num_partitions
    if fewer := fewer_line(here, beyond(folded, here, now_ms())):
        logger.warning("%s", fewer)


async def _refused(settings: Settings) -> NotDeclared | None:
    """What the log says against it."""
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            await open_log(settings).require_declared()
    except NotDeclared as error:
        return error
    except (LogUnavailable, TimeoutError):
        pass
    return None


async def _known(settings: Settings, role: str) -> Operations | None:
    """What the database knows, None where it does not say."""
    if settings.database_url is None and not settings.rows_file.exists():
        # Opening it would make one.
        return None
    try:
        async with (
            open_rows(settings, now_ms, read_only=True, name=application_name(role)) as rows,
            asyncio.timeout(_PATIENCE_SECONDS),
        ):
            return await rows.operations.operations()
    except (StoreUnavailable, TimeoutError):
        return None
