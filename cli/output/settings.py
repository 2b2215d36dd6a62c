"""The settings as `footfall --help` lists them."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from domain.settings import SETTINGS, Setting

_TEXT = 22
"""The column in which a line says what a setting is."""


def settings_help() -> str:
    """The end of `footfall --help`."""
    lines = [_line(together) for together in _told_together()]
    return "\n".join(["\b", "Settings come from the environment:", *lines])


def shown(default: object) -> str:
    """A default as it would be written, empty where there is none."""
    if isinstance(default, Path):
        return f"./{default}"
    return "" if default is None else str(default)


def _told_together() -> Iterator[Sequence[Setting]]:
    told: list[Setting] = []
    for setting in SETTINGS:
        if setting.help and told:
            yield told
            told = []
        if setting.help is not None:
            told.append(setting)
    yield told


def _line(together: Sequence[Setting]) -> str:
    first = together[0]
    names = f"  {_names([setting.name for setting in together])}"
    text = (first.help or "").replace("\n", "\n" + " " * _TEXT)
    if len(names) + 2 > _TEXT:
        line = f"{names}: {text}" if len(together) > 1 else f"{names}  {text}"
    else:
        line = f"{names:<{_TEXT}}{text}"
    default = ", ".join(filter(None, (shown(setting.default) for setting in together)))
    return f"{line} {default:>{max(0, first.edge - len(line) - 1)}}" if default else line


def _names(names: Sequence[str]) -> str:
    """POSTGRES_HOST, _PORT: what they begin with only once."""
    start = names[0].partition("_")[0] + "_"
    return ", ".join([names[0], *(name.replace(start, "_", 1) for name in names[1:])])
