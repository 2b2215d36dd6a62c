"""What handlers raise: an answer, and now and then a line in the log."""

import logging
from http import HTTPStatus
from time import monotonic

from litestar.types import Scope

from domain.errors import FootfallError, NotYet
from web.passage import named
from web.problems import Answer, from_error, kind_of
from web.refused import Noted
from web.seldom import Seldom

# Operators know the lines by this name.
logger = logging.getLogger("web.app")


class Troubles:
    """Of one route, which is asked with this method; all of them are `noted`."""

    def __init__(self, method: str, path: str, noted: Noted) -> None:
        self._method = method
        self._path = path
        self._noted = noted
        self._seldom = Seldom(monotonic)

    def answer(self, error: Exception, scope: Scope) -> Answer:
        """Raises `error` where nobody foresaw it."""
        self._noted(kind_of(error))
        if not isinstance(error, FootfallError):
            raise error
        found = from_error(error, self._method)
        # Who asked for less time than the fold takes is told, nobody else.
        ours = found.status >= HTTPStatus.INTERNAL_SERVER_ERROR and not isinstance(error, NotYet)
        if ours and (told := self._seldom.due(str(error))):
            logger.warning("%s %s: %s%s", self._method, self._path, told, named(scope))
        return found


class Unforeseen:
    """What nobody foresaw, of a whole application."""

    def __init__(self) -> None:
        self._seldom = Seldom(monotonic)

    def answer(self, error: Exception, scope: Scope) -> Answer:
        """The log says more than the client is told."""
        method: str = scope["method"]  # type: ignore[typeddict-item]
        # The path is one of ours; what stands behind it is a stranger's.
        what = f"{method} {scope['path']} failed: {type(error).__name__}"
        if told := self._seldom.due(what):
            logger.error("%s%s", told, named(scope), exc_info=error)
        return from_error(FootfallError(), method)
