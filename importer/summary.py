"""What came of an import."""

import msgspec

from importer.standing import GoOn


class Summary(msgspec.Struct, frozen=True):
    """Lines, views and errors of an import.

    `counted` views were found, `accepted` were confirmed by the service, of `unknown` nobody
    knows whether it has them. `skipped` is reason to lines. `from_line` is there where not all was
    confirmed. `warnings` change no exit code. `formats` is file to the format it was read as.
    """

    lines: int
    counted: int
    accepted: int
    unknown: int
    skipped: dict[str, int]
    errors: list[str]
    exit_code: int
    warnings: list[str] = []
    from_line: GoOn | None = None
    formats: dict[str, str] = {}


def nothing_sent(errors: list[str], warnings: list[str], exit_code: int) -> Summary:
    """Of an import that ended before it began."""
    return Summary(0, 0, 0, 0, {}, errors, exit_code, warnings)
