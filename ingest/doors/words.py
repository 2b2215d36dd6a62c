"""What a door and the way in say to each other."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from domain.errors import Problem, RequestRefused
from domain.keys import Right
from domain.problems import INVALID, Kind
from ingest.decoding import NotJson, decode
from ingest.doors.addresses import Address
from web.access import Access
from web.problems import PROBLEM, Answer, from_error

FROM_PAGES = Access(from_pages=True)
SAYS_ERROR = FROM_PAGES._replace(says_error=True)
WITH_KEY = Access(Right.INGEST, says_error=True)
SMALL = 8_192
"""Bytes of a body with one view."""
MOST_VIEWS = 500
"""In one request."""
MOST_SITES = 50
"""That one view counts for."""
SITE, PAGE, MOMENT, BODY = "site", "page", "moment", ""
"""What of a view can be refused, or of the whole request."""
ONLY = ""
"""Among names of sites: the one that is declared, where it is the only one."""


class Asked(NamedTuple):
    """A request. Of `headers`, by small names, there is the first of each.

    `address` is the client's.
    """

    method: str
    query: bytes
    headers: Mapping[str, str]
    body: bytes = b""
    address: str = ""


class Told(NamedTuple):
    """A view as a client tells it.

    It counts for the first of `sites` that is declared, or for the address's host where they are
    none. `moment`: empty is now.
    """

    address: Address
    sites: Sequence[str]
    referrer: str = ""
    agent: str = ""
    moment: str = ""
    with_fragment: bool = False


class Refused(NamedTuple):
    """What is not counted, which part of it is to blame, and what to send instead."""

    blamed: str
    detail: str
    kind: Kind = INVALID


class Counted(NamedTuple):
    """A view that the log has confirmed, or is about to: of `page`, at the moment `at_ms`."""

    page: str
    at_ms: int
    text: str
    source: str


class NoView(NamedTuple):
    """What is taken and counts nothing; `told` is the view that it would be."""

    told: Told


Heard = Told | NoView | Refused | None
"""Of each thing in a request; None is of no page at all."""
Outcome = Counted | Refused | None
"""The same in the same order, after the way in; None counts nothing and loses nothing."""


def refused(error: RequestRefused) -> Answer:
    """As everywhere."""
    return from_error(error)


def problem_of(content: Mapping[str, Any]) -> Answer:
    """A refusal that has members of a door's own."""
    return Answer(content["status"], msgspec.json.encode(content), PROBLEM)


def no_answer(_: Asked) -> Answer | None:
    """Where there is always a view to look for."""
    return None


class DoorTo(NamedTuple):
    """An adapter: `read` is a pure function from a request to what it tells, `tell` from what was
    made of that to the answer.

    What it tells is `one_view` of several sites, which counts once for each, or anything. Whatever
    refuses the whole of a request, `read` too, is told by `refuse`. What `instead` answers
    is not read at all. Of methods there may be others `also`.
    """

    path: str
    read: Callable[[Asked], Sequence[Heard]]
    tell: Callable[[Asked, Sequence[Outcome]], Answer]
    refuse: Callable[[RequestRefused], Answer] = refused
    instead: Callable[[Asked], Answer | None] = no_answer
    method: str = "POST"
    also: Sequence[str] = ()
    most_bytes: int = SMALL
    access: Access = FROM_PAGES
    one_view: bool = False


def refusal(outcomes: Sequence[Outcome], names: Mapping[str, str]) -> RequestRefused | None:
    """Of a request of which nothing counts, with the `names` of what is to blame in its own words.

    None where something does, or nothing was to.
    """
    found = [each for each in outcomes if isinstance(each, Refused)]
    if not found or len(found) < len(outcomes):
        return None
    problems = [Problem(names.get(each.blamed, each.blamed), each.detail) for each in found]
    return RequestRefused(problems, kind=found[0].kind)


def members(body: bytes, example: str) -> dict[str, Any]:
    """The object in a body, the last of each member. Raises `RequestRefused`."""
    found = json_of(body, example)
    if not isinstance(found, tuple):
        raise RequestRefused([Problem(BODY, f"the body is not an object: send {example}")])
    return dict(found)


def json_of(body: bytes, example: str) -> Any:
    """What is in a body. Raises `RequestRefused`."""
    try:
        return decode(body)
    except NotJson as error:
        detail = f"the body is not JSON ({error}): send {example}"
        raise RequestRefused([Problem(BODY, detail)]) from error


def text(value: object) -> str:
    """A member that is never a reason to refuse: what is no text says nothing."""
    return value if isinstance(value, str) else ""
