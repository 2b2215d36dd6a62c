"""GET of the dashboard: its places, and the files that these load."""

from collections.abc import Callable, Sequence

from litestar.handlers import ASGIRouteHandler
from litestar.types import Receive, Scope

from dashboard.files import Sources
from dashboard.policy import OF_HTML, OURS_ALONE
from dashboard.shell import THEMES, shell, theme_of
from web.app import route
from web.content import Content, content, content_answer
from web.problems import Answer

PLACES = ("/", "/pages", "/operations")
"""Where one and the same HTML is: its module reads from the address what to show."""

_ICON = "icon.svg"
_HTML = b"text/html; charset=utf-8"
_MEDIA_TYPES = {
    "js": b"text/javascript; charset=utf-8",
    "css": b"text/css; charset=utf-8",
    "svg": b"image/svg+xml",
}
# Its path has in it what it is: another content is at another path.
_FOR_EVER = (b"cache-control", b"public, max-age=31536000, immutable")
_A_DAY = (b"cache-control", b"public, max-age=86400")
_PACKED_OR_NOT = (b"vary", b"accept-encoding")


def dashboard_routes(found: Sources) -> Sequence[ASGIRouteHandler]:
    """The handlers of all of it. Who asks needs no key: what needs one is what the page asks."""
    return [*_places(found), *_assets(found)]


def _places(found: Sources) -> list[ASGIRouteHandler]:
    shells = {theme: content(shell(found, theme), _HTML, OF_HTML) for theme in THEMES}
    return [_answered(path, lambda scope: shells[theme_of(scope)]) for path in PLACES]


def _assets(found: Sources) -> list[ASGIRouteHandler]:
    made = {
        f"{found.base}/{path}": _asset(path, plain, _FOR_EVER)
        for path, plain in found.assets.items()
    }
    # Browsers ask for it of their own accord where what they show has no icon, such as JSON.
    made["/favicon.ico"] = _asset(_ICON, found.assets[_ICON], _A_DAY)
    return [_always(path, each) for path, each in made.items()]


def _asset(path: str, plain: bytes, caching: tuple[bytes, bytes]) -> Content:
    media_type = _MEDIA_TYPES[path.rpartition(".")[2]]
    return content(plain, media_type, (caching, _PACKED_OR_NOT, *OURS_ALONE))


def _always(path: str, found: Content) -> ASGIRouteHandler:
    return _answered(path, lambda _: found)


def _answered(path: str, chosen: Callable[[Scope], Content]) -> ASGIRouteHandler:
    async def answered(scope: Scope, _: Receive) -> Answer:
        return content_answer(scope, chosen(scope))

    return route(path, "GET", answered)
