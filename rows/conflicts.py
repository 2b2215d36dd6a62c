"""Work that the database undid for others' sake is done once more."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from functools import wraps
from random import uniform
from typing import Any, ParamSpec, TypeVar

from domain.errors import StoreUnavailable

logger = logging.getLogger(__name__)

_TRIES = 5
_MOST_SECONDS = 0.3

P = ParamSpec("P")
R = TypeVar("R")


def again(method: Callable[P, Coroutine[Any, Any, R]]) -> Callable[P, Coroutine[Any, Any, R]]:
    """Repeat `method`, which can be repeated, where it meets a conflict: a few times, and told."""

    @wraps(method)
    async def repeated(*args: P.args, **kwargs: P.kwargs) -> R:
        for _ in range(_TRIES - 1):
            try:
                return await method(*args, **kwargs)
            except StoreUnavailable as error:
                if not error.conflict:
                    raise
                logger.warning("once more: %s", error)
            # Apart, or those that met would meet again.
            await asyncio.sleep(uniform(0, _MOST_SECONDS))  # noqa: S311
        return await method(*args, **kwargs)

    return repeated
