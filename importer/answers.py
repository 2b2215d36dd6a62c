"""What the service's answer to a batch means for the views in it."""

import re
import time
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus

import httpx
import msgspec

from importer.views import HOUR_SECONDS

UNKNOWN = "whether its views were counted is unknown, so it was not sent again"

_TRY_AGAIN = frozenset({HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.TOO_MANY_REQUESTS})
# What the service says in a 503 when the log did not confirm: the views may be in it already.
_UNCONFIRMED = "may or may not be counted"
# What it says of a view that it does not keep any more; nothing of the request was counted then.
_OLDEST = re.compile(r"the oldest accepted moment is (\d{4}-\d\d-\d\dT\d\d):00:00Z")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a batch, in views; `fault` is a sentence when it was not accepted.

    `past` views, of `past_lines` lines, are of hours that the service does not keep.
    """

    accepted: int = 0
    unknown: int = 0
    fault: str = ""
    past: int = 0
    past_lines: int = 0


@dataclass(frozen=True, slots=True)
class Again:
    """Nothing was counted; `after` is how many seconds the service asked to wait."""

    fault: str
    after: float = 0.0


@dataclass(frozen=True, slots=True)
class Past:
    """Nothing was counted, for hours before `oldest` are not kept."""

    oldest: int
    fault: str = ""


class _Accepted(msgspec.Struct):
    accepted: int


class _Fault(msgspec.Struct):
    pointer: str = ""
    detail: str = ""


class _Problem(msgspec.Struct):
    detail: str = ""
    errors: list[_Fault] = []


def judge(to: str, response: httpx.Response, views: int) -> Outcome | Again | Past:
    """The meaning of an answer to a request of so many views."""
    status = response.status_code
    if response.is_success:
        return _accepted(response, views)
    problem = _problem(response)
    fault = f"{to} answered {status}{_said(problem)}"
    if status in _TRY_AGAIN and _UNCONFIRMED not in response.text:
        return Again(fault, _retry_after(response))
    if response.is_server_error:
        return Outcome(unknown=views, fault=f"{fault}; {UNKNOWN}")
    fault = f"{fault}; nothing of this request was counted"
    if status == HTTPStatus.BAD_REQUEST and (named := _OLDEST.search(problem.detail)):
        return Past(_hour(named[1]), fault)
    return Outcome(fault=fault)


def reason(error: Exception) -> str:
    """An error in printable words."""
    return _printable(str(error)) or type(error).__name__


def _hour(text: str) -> int:
    return int(datetime.fromisoformat(f"{text}:00+00:00").timestamp()) // HOUR_SECONDS


def _accepted(response: httpx.Response, views: int) -> Outcome:
    try:
        accepted = msgspec.json.decode(response.content, type=_Accepted).accepted
    except (msgspec.MsgspecError, UnicodeDecodeError):
        fault = f"{response.url} answered {response.status_code}, but not what Footfall answers"
        return Outcome(unknown=views, fault=f"{fault}; {UNKNOWN}")
    if accepted == views:
        return Outcome(accepted)
    return Outcome(accepted, fault=f"{accepted:,} of {views:,} views of a request were accepted")


def _problem(response: httpx.Response) -> _Problem:
    try:
        return msgspec.json.decode(response.content, type=_Problem)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return _Problem()


def _said(problem: _Problem) -> str:
    """The problem's detail and first faults, with a colon in front, if there is any."""
    faults = [f"{fault.pointer} {fault.detail}" for fault in problem.errors[:3]]
    parts = [part for part in (problem.detail, *faults) if part]
    return "".join(f": {_printable(part)}" for part in parts)


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else "\ufffd" for c in text[:300])


def _retry_after(response: httpx.Response) -> float:
    """Seconds from now, 0 when the header is missing or makes no sense."""
    value = response.headers.get("retry-after", "")
    if value.isascii() and value.isdigit():
        return float(value)
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - time.time())
    except (ValueError, OverflowError):
        return 0.0
