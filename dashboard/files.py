"""The files of the page as browsers get them: stripped, joined, under one digest of them all."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import NamedTuple

from dashboard.joining import joined
from web.stripping import stripped_css, stripped_javascript

SHELL = "index.html"
STYLES = "page.css"
"""All sheets of the page that draws, as one."""
_MODULES = "js/"
_FIRST_MODULE = "main.js"
# What it says is used by all other sheets.
_FIRST_STYLE = "style/tokens.css"
_FORM_STYLE = "style/sign-in.css"
FORM_STYLES = (_FIRST_STYLE, "style/base.css", _FORM_STYLE)
"""Of what is no part of the page that draws."""
_DIGEST_DIGITS = 16


class Sources(NamedTuple):
    """`shell`: the HTML with places for what the server puts in; `assets`: by path below `base`."""

    base: str
    shell: str
    assets: Mapping[str, bytes]


def sources() -> Sources:
    """All files of the page, read anew. Changing any of them changes where all of them are."""
    read = _read()
    shell = read.pop(SHELL).decode()
    assets = {**_modules(read), **_styles(read)}
    assets |= {path: read[path] for path in read if path.endswith(".svg")}
    digest = hashlib.sha256()
    for path, content in sorted(assets.items()):
        digest.update(b"%s\0%d\0%s" % (path.encode(), len(content), content))
    return Sources(f"/dashboard/{digest.hexdigest()[:_DIGEST_DIGITS]}", shell, assets)


def _read() -> dict[str, bytes]:
    return dict(_below(files(__package__) / "page", ""))


def _stripped(read: Mapping[str, bytes]) -> Mapping[str, str]:
    return {
        path.removeprefix(_MODULES): _lines(stripped_javascript(content.decode()))
        for path, content in read.items()
        if path.endswith(".js")
    }


def _modules(read: Mapping[str, bytes]) -> Mapping[str, bytes]:
    made = joined(_stripped(read), _FIRST_MODULE)
    return {_MODULES + name: text.encode() for name, text in made.items()}


def _styles(read: Mapping[str, bytes]) -> Mapping[str, bytes]:
    sheets = {
        path: _lines(stripped_css(content.decode())).encode()
        for path, content in read.items()
        if path.endswith(".css")
    }
    # In the order in which they are applied: tokens, then by name.
    ordered = sorted(sheets.keys() - {_FORM_STYLE}, key=lambda path: (path != _FIRST_STYLE, path))
    page = b"".join(sheets[path] for path in ordered)
    return {STYLES: page, **{path: sheets[path] for path in FORM_STYLES}}


def _below(folder: Traversable, path: str) -> Iterator[tuple[str, bytes]]:
    for each in folder.iterdir():
        if each.is_dir():
            yield from _below(each, f"{path}{each.name}/")
        else:
            yield path + each.name, each.read_bytes()


def _lines(lines: Sequence[str]) -> str:
    return "".join(f"{line}\n" for line in lines)
