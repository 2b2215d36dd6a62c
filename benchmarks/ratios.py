"""The history: a file of ratios a release, and whether those of another run fell.

A file is JSON: the version, the day of the last measuring, and a number for each name. Ratios hold
on other machines, figures do not, so only ratios are kept. More is better in each of them.
"""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec

from benchmarks.table import Ratio

FOLDER = Path(__file__).parent / "history"
TOLERATED = 0.2
_PLACES = 3
_RELEASE = re.compile(r"\d+(\.\d+)*").fullmatch

Ratios = Mapping[str, float]


class History(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one release's file holds."""

    version: str
    measured: str
    ratios: dict[str, float]


class Unreadable(Exception):
    """A file of ratios is not one, and why."""


def read(file: Path) -> History:
    """Raises `Unreadable` with what is wrong."""
    try:
        found = msgspec.json.decode(file.read_bytes(), type=History)
    except (OSError, msgspec.MsgspecError) as error:
        raise Unreadable(f"{file}: {error}") from error
    wrong = [name for name, value in found.ratios.items() if value <= 0]
    if wrong:
        raise Unreadable(f"{file}: {wrong[0]} is not above 0")
    return found


def write(file: Path, history: History) -> None:
    """Names in order, so that two files are easily compared."""
    rounded = {name: round(value, _PLACES) for name, value in sorted(history.ratios.items())}
    known = msgspec.structs.replace(history, ratios=rounded)
    file.write_bytes(msgspec.json.format(msgspec.json.encode(known), indent=2) + b"\n")


def save(found: Iterable[Ratio], version: str, release: str, day: str, folder: Path) -> None:
    """What was measured of this version; of the release beside it only what its file lacks."""
    each = list(found)
    beside = {r.name: r.released for r in each if r.released is not None}
    _merge(folder / f"{release_of(version)}.json", day, {r.name: r.value for r in each})
    _merge(folder / f"{release}.json", day, beside, keep=True)


def _merge(file: Path, day: str, ratios: Ratios, *, keep: bool = False) -> None:
    known = read(file) if file.exists() else History(file.stem, day, {})
    if keep and not ratios.keys() - known.ratios.keys():
        return
    merged = {**ratios, **known.ratios} if keep else {**known.ratios, **ratios}
    write(file, History(known.version, day, merged))


def release_of(version: str) -> str:
    """The release that a version in development becomes."""
    return re.sub(r"\.?(dev|a|b|rc)\d+$", "", version)


def last_release(version: str, folder: Path) -> History | None:
    """Of the newest release before this version, where one has a file."""
    files = {_order(file.stem): file for file in folder.glob("*.json") if _RELEASE(file.stem)}
    before = [order for order in files if order < _order(release_of(version))]
    return read(files[max(before)]) if before else None


def _order(release: str) -> tuple[int, ...]:
    return tuple(int(part) for part in release.split("."))


def fallen(newest: Ratios, last: History) -> list[str]:
    """A sentence for each ratio that is more than a fifth below the release's."""
    return [
        f"{name} fell from {before:.2f} in {last.version} to {newest[name]:.2f}, "
        f"by {1 - newest[name] / before:.0%}"
        for name, before in sorted(last.ratios.items())
        if name in newest and newest[name] < before * (1 - TOLERATED)
    ]


def left_out(newest: Ratios, last: History) -> list[str]:
    """The release's ratios that this run has not measured."""
    return sorted(last.ratios.keys() - newest.keys())
