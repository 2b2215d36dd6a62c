"""The HTML that every place of the dashboard begins with."""

from collections.abc import Mapping
from typing import Literal

from litestar.types import Scope

from dashboard.files import Sources
from web.content import header

Theme = Literal["", "light", "dark"]
THEMES: tuple[Theme, ...] = ("", "light", "dark")
"""As the system has it, or pinned."""

_ROOT = '<html lang="en"'


def shell(found: Sources, theme: Theme) -> bytes:
    """With where the files are now, and all that is needed first loaded at once."""
    return themed(found.shell.replace("{base}", found.base), theme).encode()


def themed(html: str, theme: Theme) -> str:
    """`html` in that theme."""
    return html.replace(_ROOT, f'{_ROOT} data-theme="{theme}"', 1) if theme else html


def theme_of(scope: Scope) -> Theme:
    """What the page has kept of its reader's choice, in a cookie that says nothing else."""
    said = _cookies(scope).get("theme", "")
    return next((theme for theme in THEMES if theme == said), "")


def _cookies(scope: Scope) -> Mapping[str, str]:
    pairs = header(scope, b"cookie", b"; ").decode("latin-1").split(";")
    return {name.strip(): value.strip() for name, _, value in (p.partition("=") for p in pairs)}
