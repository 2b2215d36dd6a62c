"""What a route asks of whoever comes, and who came."""

from collections.abc import Callable
from typing import NamedTuple

from litestar.types import Scope

from domain.keys import ANYBODY, Caller, Right

_CALLER = "footfall.caller"
_AGAIN = "footfall.caller-again"


class Access(NamedTuple):
    """Who may ask a route.

    `right`: one that the caller's key must have; None: nobody needs a key. `from_pages`: web pages
    of other sites may have a browser send it, and the door answers them in the words of CORS.
    `says_error`: who asks looks for the sentence of a refusal in a member `error` beside `detail`.
    `by_address`: it takes no views and no key, and one address may ask it as often as it may send.
    """

    right: Right | None = None
    from_pages: bool = False
    says_error: bool = False
    by_address: bool = False


PUBLIC = Access()


def caller_of(scope: Scope) -> Caller:
    """Who asks, as the door found it."""
    found: Caller = scope.get(_CALLER, ANYBODY)  # type: ignore[assignment]
    return found


def set_caller(scope: Scope, caller: Caller) -> None:
    """What `caller_of` says from now on."""
    scope[_CALLER] = caller  # type: ignore[literal-required]


def caller_now(scope: Scope) -> Caller:
    """Who asks, by what the door would say now: a key may have been taken away."""
    again: Callable[[], Caller] | None = scope.get(_AGAIN)  # type: ignore[assignment]
    return caller_of(scope) if again is None else again()


def set_caller_again(scope: Scope, again: Callable[[], Caller]) -> None:
    """What `caller_now` asks from now on."""
    scope[_AGAIN] = again  # type: ignore[literal-required]
