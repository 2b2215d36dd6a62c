"""Modules joined to few: in one piece they pack to two thirds, and come with the headers of one.

Each stays in a scope of its own, and what it exports is an object of that name. So that this
is all there is to it, modules may import names from './x.js', export functions, classes and
constants where they declare them, and not import each other in a circle.
"""

import re
from collections.abc import Iterator, Mapping, Sequence

_ALL = "$modules"
_IMPORT = re.compile(r"^import (?:\{([^}]*)\} from )?'\./([\w-]+\.js)';$", re.MULTILINE)
_LATER = re.compile(r"\bimport\('\./([\w-]+\.js)'\)")
_EXPORT = re.compile(r"^export ((?:async )?function|class|const) (\w+)", re.MULTILINE)
_OF_TYPES = re.compile(r"^export \{\};$", re.MULTILINE)
_NOT_READ = re.compile(r"^(?:import(?!\()|export)\b.*|^.*\bimport\.meta\b.*", re.MULTILINE)


class CannotJoin(Exception):
    """A module is written in a way that is not read here; says which and how."""


def joined(modules: Mapping[str, str], first: str) -> Mapping[str, str]:
    """`first` with all it imports; beside it each that is imported later, with what it adds.

    `modules` are texts without comments, by name. Raises `CannotJoin`.
    """
    begun = list(_in_order(modules, first))
    made = {first: _text(modules, begun, f"export const {_ALL} = {{}};")}
    due = _later(modules, begun)
    while due:
        name = due.pop()
        if name in made or name in begun:
            continue
        added = [each for each in _in_order(modules, name) if each not in begun]
        exported = ", ".join(_exports(modules[name]))
        told = f"export const {{ {exported} }} = {_ALL}['{name}'];"
        made[name] = _text(modules, added, f"import {{ {_ALL} }} from './{first}';", told)
        due += _later(modules, added)
    return made


def _later(modules: Mapping[str, str], names: Sequence[str]) -> list[str]:
    return [found for name in names for found in _LATER.findall(modules[name])]


def _in_order(modules: Mapping[str, str], first: str) -> Iterator[str]:
    """As a browser runs them: what is imported before who imports it."""
    done: set[str] = set()

    def after(name: str, above: Sequence[str]) -> Iterator[str]:
        if name in above:
            raise CannotJoin(f"modules import each other: {' -> '.join([*above, name])}")
        if name in done:
            return
        if name not in modules:
            raise CannotJoin(
                f"{above[-1] if above else 'the page'} imports {name}: it is not there"
            )
        for _, imported in _IMPORT.findall(modules[name]):
            yield from after(imported, [*above, name])
        done.add(name)
        yield name

    return after(first, [])


def _text(modules: Mapping[str, str], names: Sequence[str], *around: str) -> str:
    begin, *end = around
    return "\n".join([begin, *(_scoped(name, modules[name]) for name in names), *end, ""])


def _scoped(name: str, text: str) -> str:
    """What stands for a module: its statements in a function that is called at once."""
    body = _IMPORT.sub(_taken, _OF_TYPES.sub("", text))
    body = _EXPORT.sub(r"\1 \2", body)
    if (other := _NOT_READ.search(body)) is not None:
        raise CannotJoin(f"{name}: {other[0]!r} is not read by dashboard/joining.py")
    told = ", ".join(_exports(text))
    lines = [line for line in body.splitlines() if line]
    return "\n".join([f"{_ALL}['{name}'] = (() => {{", *lines, f"return {{ {told} }};", "})();"])


def _taken(found: re.Match[str]) -> str:
    names, module = found[1], found[2]
    if names is None:
        return ""
    given = ", ".join(" ".join(each.split()).replace(" as ", ": ") for each in names.split(","))
    return f"const {{ {given.removesuffix(', ')} }} = {_ALL}['{module}'];"


def _exports(text: str) -> Sequence[str]:
    return [name for _, name in _EXPORT.findall(text)]
