"""Which path is whose, as it was written."""

from collections.abc import Mapping
from typing import NamedTuple

from litestar.types import Scope

from web.access import Access

ANY_NAME = "/{name:str}"
"""What a path may end in, for one part of any name."""
ANY_PATH = "/{path:path}"
"""The same, for all that is below."""


class Place(NamedTuple):
    """A path of ours as log lines have it, with no name of anybody's in it, and who may ask it."""

    path: str
    access: Access


class Places:
    """All there are, by their paths; these may end in `ANY_NAME` or `ANY_PATH`."""

    def __init__(self, accesses: Mapping[str, Access]) -> None:
        self._places = {path.encode(): Place(path, access) for path, access in accesses.items()}
        self._below = {
            path.removesuffix(ANY_NAME).encode() + b"/": Place(path, access)
            for path, access in accesses.items()
            if path.endswith(ANY_NAME)
        }
        self._deep_below = {
            path.removesuffix(ANY_PATH).encode() + b"/": Place(path, access)
            for path, access in accesses.items()
            if path.endswith(ANY_PATH)
        }

    def at(self, scope: Scope) -> Place | None:
        """What a request is for; None: there is nothing there."""
        # As it was written: what a front lets through or not, it decides by that.
        path = scope.get("raw_path") or scope["path"].encode()
        found = self._places.get(path)
        if found is None and self._below:
            folder, slash, name = path.rpartition(b"/")
            found = self._below.get(folder + slash) if name else None
        return found or self._place_above(path)

    def _place_above(self, path: bytes) -> Place | None:
        return next(
            (
                place
                for above, place in self._deep_below.items()
                if path.startswith(above) and path != above
            ),
            None,
        )
