"""POST /api/send and /api/batch: what trackers and libraries of Umami send."""

from collections.abc import Sequence
from typing import Any

from domain.errors import Problem, RequestRefused
from ingest.doors.addresses import address_of
from ingest.doors.way_in import addressed
from ingest.doors.words import (
    BODY,
    MOST_VIEWS,
    PAGE,
    SAYS_ERROR,
    SITE,
    Asked,
    DoorTo,
    Heard,
    NoView,
    Outcome,
    Refused,
    Told,
    json_of,
    members,
    refusal,
    refused,
    text,
)
from web.problems import Answer, answer

EXAMPLE = (
    '{"type":"event","payload":{"website":"…","hostname":"example.com","url":"/page",'
    '"referrer":""}}'
)
MOST_BYTES = 1_000_000
_NAMES = {PAGE: "/payload/url", SITE: "/payload/hostname"}
_VIEW_OR_EVENT, _NOBODY = "event", "identify"
# Of nobody: a tracker only hands the first of them back.
_SEEN = {"cache": "footfall", "sessionId": "none", "visitId": "none"}


def read(asked: Asked) -> Sequence[Heard]:
    """One thing, a view where it has no name."""
    return [_heard(members(asked.body, EXAMPLE), asked)]


def read_many(asked: Asked) -> Sequence[Heard]:
    """The same of each in a list."""
    found = json_of(asked.body, f"[{EXAMPLE}]")
    if not isinstance(found, list) or len(found) > MOST_VIEWS:
        detail = f"the body is not a list of at most {MOST_VIEWS}: send [{EXAMPLE}]"
        raise RequestRefused([Problem("", detail)])
    return [
        _heard(dict(each), asked) if isinstance(each, tuple) else Refused(BODY, f"send {EXAMPLE}")
        for each in found
    ]


def _heard(given: dict[str, Any], asked: Asked) -> Heard:
    kind, payload = given.get("type"), given.get("payload")
    if kind == _NOBODY:
        return None
    if kind != _VIEW_OR_EVENT or not isinstance(payload, tuple):
        return Refused(BODY, f"type is not event, or payload not an object: send {EXAMPLE}")
    payload = dict(payload)
    url = payload.get("url")
    if not isinstance(url, str):
        return Refused(PAGE, f"url is missing or not a string: send {EXAMPLE}")
    bare = "://" not in url.partition("/")[0] + "//" and not url.startswith("/")
    address = addressed(f"/{url}" if bare and ":" not in url else url, address_of, "a path")
    if isinstance(address, Refused):
        return address
    told = Told(
        address,
        _sites(payload, address.host),
        text(payload.get("referrer")),
        asked.headers.get("user-agent", ""),
    )
    return NoView(told) if payload.get("name") else told


def _sites(payload: dict[str, Any], host: str) -> Sequence[str]:
    """The name of a site may stand in the place of the id that Umami gives one."""
    website = text(payload.get("website"))
    names = (website if "." in website else "", text(payload.get("hostname")), host)
    return [name.strip() for name in names if name.strip()]


def tell(_: Asked, outcomes: Sequence[Outcome]) -> Answer:
    """What its tracker keeps of an answer, or why nothing counts."""
    error = refusal(outcomes, _NAMES)
    return refused(error) if error else answer(_SEEN)


def tell_many(_: Asked, outcomes: Sequence[Outcome]) -> Answer:
    """How many, and which of them do not count."""
    wrong = [
        {"index": index, "response": {"error": {"message": each.detail}}}
        for index, each in enumerate(outcomes)
        if isinstance(each, Refused)
    ]
    size = len(outcomes)
    taken = size - len(wrong)
    return answer({"size": size, "processed": taken, "errors": len(wrong), "details": wrong})


SEND = DoorTo("/api/send", read, tell, access=SAYS_ERROR)
BATCH = DoorTo("/api/batch", read_many, tell_many, most_bytes=MOST_BYTES, access=SAYS_ERROR)
