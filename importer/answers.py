"""What the service's answer to a batch means for the views in it."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TypeVar

import httpx
import msgspec

from domain.hours import hour_of, parse_instant
from domain.problems import BY_REFERENCE, FORBIDDEN, PAST_HORIZON, UNAUTHORIZED, Kind
from domain.shown import printable, without_password

UNKNOWN = "whether its views were counted is unknown, so it was not sent again"

_KEYS: Mapping[Kind | None, str] = dict.fromkeys(
    (UNAUTHORIZED, FORBIDDEN),
    ". A key with the right ingest goes into FOOTFALL_KEY, or a file that --key-file names",
)

_Document = TypeVar("_Document", bound=msgspec.Struct)

_PROBLEM = "application/problem+json"


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

    def plus(self, other: "Outcome") -> "Outcome":
        """Of both together; the first fault is the one that is told."""
        return Outcome(
            self.accepted + other.accepted,
            self.unknown + other.unknown,
            self.fault or other.fault,
            self.past + other.past,
            self.past_lines + other.past_lines,
        )


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
    type: str = ""
    detail: str = ""
    errors: list[_Fault] = []
    outcome: str = ""
    oldest: str = ""


def judge(to: str, response: httpx.Response, views: int) -> Outcome | Again | Past:
    """The meaning of an answer to a request of so many views, from the service at `to`.

    It goes by the type and the members of the service's problem documents, never by a sentence.
    """
    if response.is_success:
        return _accepted(to, response, views)
    problem = _problem(response)
    kind = _kind(response, problem)
    fault = f"{to} answered {response.status_code}{_where(response)}{_said(problem)}"
    if _is_in_doubt(response, problem, kind):
        return Outcome(unknown=views, fault=f"{fault}; {UNKNOWN}")
    if kind is not None and kind.again:
        return Again(fault, _retry_after(response))
    fault = f"{fault}; nothing of this request was counted{_KEYS.get(kind, '')}"
    oldest = _oldest(problem) if kind is PAST_HORIZON else None
    return Outcome(fault=fault) if oldest is None else Past(oldest, fault)


def is_too_large(response: httpx.Response) -> bool:
    """Whether somebody on the way takes fewer bytes at once: nothing was counted, halves may be."""
    return response.status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE


def reason(error: Exception) -> str:
    """An error in printable words."""
    return _shown(str(error)) or type(error).__name__


def _kind(response: httpx.Response, problem: _Problem) -> Kind | None:
    """The kind of refusal; None where it is not Footfall that refuses."""
    media_type = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    return BY_REFERENCE.get(problem.type) if media_type == _PROBLEM else None


def _is_in_doubt(response: httpx.Response, problem: _Problem, kind: Kind | None) -> bool:
    """Whether views of a request that was refused may have been counted."""
    if kind is not None:
        return problem.outcome != "none"
    # A proxy that lost the service while the request was under way says 503 as well, or 502, or
    # 504: by then the views may be in the log.
    return response.is_server_error or response.status_code == HTTPStatus.TOO_MANY_REQUESTS


def _oldest(problem: _Problem) -> int | None:
    """The first hour that the service takes."""
    try:
        return hour_of(parse_instant(problem.oldest))
    except ValueError:
        return None


def _accepted(to: str, response: httpx.Response, views: int) -> Outcome:
    accepted = _decoded(response, _Accepted(-1)).accepted
    if not 0 <= accepted <= views:
        fault = f"{to} answered {response.status_code}, but not what Footfall answers"
        return Outcome(unknown=views, fault=f"{fault}; {UNKNOWN}")
    if accepted == views:
        return Outcome(accepted)
    return Outcome(accepted, fault=f"{accepted:,} of {views:,} views of a request were accepted")


def _problem(response: httpx.Response) -> _Problem:
    return _decoded(response, _Problem())


def _decoded(response: httpx.Response, otherwise: _Document) -> _Document:
    """The content; `otherwise` where it is no such document."""
    try:
        return msgspec.json.decode(response.content, type=type(otherwise))
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return otherwise


def _where(response: httpx.Response) -> str:
    """Where a redirect leads, for people: it is never followed."""
    location = response.headers.get("location", "") if response.has_redirect_location else ""
    return f" and names {_shown(without_password(location))}" if location else ""


def _said(problem: _Problem) -> str:
    """The problem's detail and first faults, with a colon in front, if there is any."""
    # Of the whole request the only fault is the detail itself.
    found = [fault for fault in problem.errors if fault.pointer or fault.detail != problem.detail]
    faults = [f"{fault.pointer} {fault.detail}".lstrip(" ") for fault in found[:3]]
    parts = [part for part in (problem.detail, *faults) if part]
    return "".join(f": {_shown(part)}" for part in parts)


def _shown(text: str) -> str:
    return printable(text[:300])


def _retry_after(response: httpx.Response) -> float:
    """Seconds from now, 0 when the header is missing or makes no sense."""
    value = response.headers.get("retry-after", "")
    if value.isascii() and value.isdigit():
        return float(value)
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - time.time())
    except (ValueError, OverflowError):
        return 0.0
