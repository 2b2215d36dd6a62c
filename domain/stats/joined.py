"""Pages and sources are counted apart: what would need them joined is refused. Pure."""

from domain.errors import NotJoined
from domain.stats.ranking import By
from domain.stats.selection import Kind, Selection

_OF_WHOLE_SITES = (Kind.ALL, Kind.SITE)


def of_sources(selection: Selection, by: By | None = None) -> bool:
    """Is it a question about sources? `by` says what is listed, None: nothing is."""
    return by is By.SOURCE or selection.source is not None


def refuse_joined(selection: Selection, by: By | None = None) -> None:
    """Raises `NotJoined` where it takes to know which pages a source brought viewers to."""
    if not of_sources(selection, by):
        return
    if by is By.PAGE:
        detail = (
            "sources are counted by site and not by page: leave source out, or ask for views or "
            "sites with it"
        )
        raise NotJoined("source", detail)
    if selection.kind not in _OF_WHOLE_SITES:
        name = selection.kind.value
        detail = (
            f"sources are counted by site and not by page: send site in place of {name}, or ask "
            f"for the views of {name} without sources"
        )
        raise NotJoined("source" if selection.source is not None else name, detail)
