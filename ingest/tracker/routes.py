"""GET of the scripts: `/tracker.js`, its kept versions, and the names that tags ask for."""

from collections.abc import Sequence

from litestar.handlers import ASGIRouteHandler
from litestar.types import Receive, Scope

from domain import problems
from ingest.tracker.making import NEWEST, classic, kept, queued
from ingest.tracker.names import Asked, asked_of
from ingest.tracker.scripts import script
from web.app import name_asked, route
from web.content import Content, content_answer
from web.door import NOTHING_HERE
from web.problems import Answer, problem

_A_DAY = b"public, max-age=86400"
_FOR_EVER = b"public, max-age=31536000, immutable"


def tracker_routes() -> Sequence[ASGIRouteHandler]:
    """The handlers of all scripts. Who asks for them needs no key."""
    return [
        _always("/tracker.js", script(kept(NEWEST), _A_DAY)),
        *(_version(number) for number in range(1, NEWEST + 1)),
        route("/js/{name:str}", "GET", _Named()),
    ]


def _version(number: int) -> ASGIRouteHandler:
    return _always(f"/tracker-{number}.js", script(kept(number), _FOR_EVER))


def _always(path: str, found: Content) -> ASGIRouteHandler:
    async def answered(scope: Scope, _: Receive) -> Answer:
        return content_answer(scope, found)

    return route(path, "GET", answered)


class _Named:
    """The scripts by name, each made when it is first asked for: there are few."""

    def __init__(self) -> None:
        self._made: dict[Asked, Content] = {}

    async def __call__(self, scope: Scope, _: Receive) -> Answer:
        asked = asked_of(name_asked(scope))
        if asked is None:
            method: str = scope["method"]  # type: ignore[typeddict-item]
            return problem(problems.NOT_FOUND, NOTHING_HERE, method=method)
        if asked not in self._made:
            source = queued() if asked.queued else classic(asked.switches)
            self._made[asked] = script(source, _A_DAY)
        return content_answer(scope, self._made[asked])
