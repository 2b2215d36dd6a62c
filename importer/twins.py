"""Files that hold the same lines, whatever they are called and however they are stored."""

import hashlib
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import combinations
from typing import NamedTuple

from importer.lines import Lines
from importer.packing import Damaged, unpacked
from importer.reading import shown_name
from importer.source import STDIN, BecameShorter, Source, opened, size_of

_BEGINNING_BYTES = 16_384


class Twins(NamedTuple):
    """Two names; `whole` where not only their first lines are the same."""

    first: str
    second: str
    whole: bool

    def __str__(self) -> str:
        names = f"{shown_name(self.first)} and {shown_name(self.second)}"
        if self.whole:
            return f"{names} hold the same lines, which would count twice: name one of them"
        return f"{names} begin with the same lines; if one is a copy of the other, they count twice"


def twins_among(names: Sequence[str]) -> Iterator[Twins]:
    """Each pair of files that begin alike. Reads the beginnings, and what begins alike whole."""
    files = [name for name in names if name != STDIN and size_of(name)]
    beginnings = {name: _beginning(name) for name in files if len(files) > 1}
    digest = cache(_digest)
    for first, second in combinations(beginnings, 2):
        shorter, longer = sorted((beginnings[first], beginnings[second]), key=len)
        if shorter and longer.startswith(shorter):
            yield Twins(first, second, whole=digest(first) == digest(second))


def _beginning(name: str) -> bytes:
    found = bytearray()
    for line in _content(name):
        found += line
        if len(found) >= _BEGINNING_BYTES:
            break
    return bytes(found[:_BEGINNING_BYTES])


def _digest(name: str) -> bytes:
    digest = hashlib.sha256()
    for line in _content(name):
        digest.update(line)
    return digest.digest()


def _content(name: str) -> Iterator[bytes]:
    """Its lines as they would be imported, each with the same end."""
    with opened(name) as stored:
        try:
            for line in Lines().of(unpacked(Source(stored, lambda: None))):
                yield line.rstrip(b"\r") + b"\n"
        except (OSError, Damaged, BecameShorter):
            # As far as it can be read; whoever imports it is told why not further.
            return
