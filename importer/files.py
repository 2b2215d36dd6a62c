"""The files of an import, before they are read."""

from importer.reading import ReadingFailed, require_readable, shown_name
from importer.source import Identity, identity_of
from importer.twins import twins_among


def look_at(files: tuple[str, ...]) -> tuple[list[str], list[str]]:
    """Why nothing can be sent, and what to warn of; before anything is."""
    errors: list[str] = []
    for name in files:
        try:
            require_readable(name)
        except ReadingFailed as error:
            errors.append(f"{error}; nothing was sent")
    if errors:
        return errors, []
    twins = list(twins_among(files))
    errors = [f"{pair}; nothing was sent" for pair in twins if pair.whole]
    return errors, [str(pair) for pair in twins if not pair.whole]


def require_same(name: str, identity: Identity | None) -> None:
    """Raises `ReadingFailed` when `name` is no longer the file that it was."""
    if identity_of(name) != identity:
        sentence = "another file took its name after the import began"
        raise ReadingFailed(f"{shown_name(name)}: {sentence}")
