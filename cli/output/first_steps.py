"""What `footfall up` says once it serves: where it is, and what to do next."""

from collections.abc import Sequence

from domain.hours import HOUR_MS, as_iso, hour_of

_PAGE = "example.com/page"


def first_steps(
    address: str, log: str, rows: str, now_ms: int, locked: bool = False
) -> Sequence[str]:
    """Lines for people. The view of the example is of an hour that a report asked now covers.

    Where doors are `locked` it needs a key.
    """
    key = " -H 'Authorization: Bearer KEY'" if locked else ""
    hour = as_iso(hour_of(now_ms - HOUR_MS))
    return (
        f"serving on {address} (Ctrl-C stops)",
        f"  look  {address}/",
        f"  log   {log}",
        f"  rows  {rows}",
        "send a view from another terminal, read its report, see the whole API:",
        f"  curl{key} {address}/page-views/single \\",
        f"""       -d '{{"page":"{_PAGE}","timestamp":"{hour}"}}'""",
        f"  curl{key} '{address}/report?page={_PAGE}&order=desc'",
        f"  curl {address}/schema",
    )
