"""What the doors take and answer, in OpenAPI 3.1: ours in full, those of others in a few words."""

from collections.abc import Mapping
from typing import Any

import msgspec

from domain.errors import Problem
from domain.keys import Right
from domain.problems import (
    INVALID,
    OVERLOADED,
    TOO_LARGE,
    TOO_SLOW,
    UNCONFIRMED,
    UNDECLARED_SITE,
    UNSUPPORTED_ENCODING,
    Kind,
)
from ingest.doors.browser import EXAMPLE as BROWSER
from ingest.doors.goatcounter import EXAMPLE as HITS
from ingest.doors.plausible import EXAMPLE as EVENT
from ingest.doors.umami import EXAMPLE as SENT
from web.openapi import Paths, json_response, locked, problem_response
from web.problems import document

_TEXT = {"type": "string"}
_PICTURE = {
    "description": "A transparent dot; where it comes the view is counted, unless it was fetched "
    "ahead.",
    "content": {"image/gif": {"schema": {"type": "string", "format": "binary"}}},
}
_UNDECLARED = "ghost.example is no site of SITES: views of declared sites are taken"


def _refused(kind: Kind, pointer: str, detail: str, method: str = "POST") -> Mapping[str, Any]:
    return document(kind, detail, [Problem(pointer, detail)], method)


def _refusals(pointer: str, detail: str, method: str = "POST") -> dict[str, Any]:
    """What a view is not taken for, the fault of the first kind at `pointer`."""
    late = "the log did not confirm while a browser's view may wait; the views may or may not be "
    return {
        "400": problem_response(INVALID.means, _refused(INVALID, pointer, detail, method)),
        "403": problem_response(
            UNDECLARED_SITE.means, _refused(UNDECLARED_SITE, pointer, _UNDECLARED, method)
        ),
        "503": problem_response(
            "The log did not confirm in time, or too much is waiting for it.",
            document(UNCONFIRMED, f"{late}counted later, nothing is confirmed", method=method),
            document(OVERLOADED, "too many views are waiting for the log", method=method),
        ),
    }


def _of_bodies() -> dict[str, Any]:
    told = {
        "408": (TOO_SLOW, "the body did not arrive within 10 s: send less in one request"),
        "413": (TOO_LARGE, "the body is over 8,192 bytes: send it in several requests"),
        "415": (UNSUPPORTED_ENCODING, "send the body as it is, or gzip"),
    }
    return {
        status: problem_response(kind.means, _refused(kind, "", detail))
        for status, (kind, detail) in told.items()
    }


def _sent(schema: Mapping[str, Any], example: str) -> dict[str, Any]:
    """A body, of whatever type it says it is: a preflight is spared with the first."""
    return {
        "required": True,
        "content": {
            "text/plain": {"schema": _TEXT, "example": example},
            "application/json": {"schema": schema, "example": msgspec.json.decode(example)},
        },
    }


def _read(name: str, description: str, *, required: bool = False) -> dict[str, Any]:
    told = {"name": name, "in": "query", "required": required, "schema": _TEXT}
    return told | {"description": description}


_BROWSER = {
    "post": {
        "operationId": "addViewOfBrowser",
        "summary": "Count a view that a browser tells, now.",
        "description": (
            "For pages of other sites: any of them may send it. The page is the site and the path; "
            "a query is left out but for the parameters of PAGE_QUERY, and says where the viewer "
            "came from (utm_source, source, ref), before the referrer does. 202 means that the log "
            "has confirmed the view; that or 503 comes within a second."
        ),
        "requestBody": _sent(
            {
                "type": "object",
                "required": ["url"],
                "properties": {
                    "url": {"type": "string", "description": "location.href"},
                    "referrer": {"description": "document.referrer; what is no text is none."},
                    "site": {
                        "type": ["string", "null"],
                        "description": (
                            "The site, or several with commas between; left out: the host of url."
                        ),
                    },
                    "hash": {"description": "true: what stands behind # belongs to the page."},
                },
            },
            BROWSER,
        ),
        "responses": {
            "202": json_response(
                "The log has confirmed it.",
                {
                    "type": "object",
                    "required": ["accepted"],
                    "properties": {"accepted": {"type": "integer", "minimum": 1}},
                },
                {"accepted": 1},
            ),
            **_refusals("/url", "url is missing or not a string"),
            **_of_bodies(),
        },
    }
}
_PIXEL = {
    "get": {
        "operationId": "pixel",
        "summary": "Count a view of a page or mail without a script, now.",
        "description": (
            "A picture that no cache keeps. HEAD, and what a browser fetches ahead, counts nothing."
        ),
        "parameters": [
            _read("page", "Host and path, or a whole address; a plus is one.", required=True)
            | {"schema": {"type": "string", "minLength": 1}, "example": "example.com/page"}
        ],
        "responses": {"200": _PICTURE, **_refusals("page", "page is missing", "GET")},
    }
}
_WRONG = {
    "400": {
        "description": "What is wrong by field; the rest is a problem, as everywhere.",
        "content": {
            "application/problem+json": {
                "schema": {
                    "type": "object",
                    "required": ["type", "title", "status", "detail", "outcome", "errors"],
                    "properties": {
                        "errors": {
                            "type": "object",
                            "additionalProperties": {"type": "array", "items": _TEXT},
                        }
                    },
                },
                "example": document(INVALID, "url is missing or not a string")
                | {"errors": {"url": ["url is missing or not a string"]}},
            }
        },
    }
}
# These tell the whole request's faults in the same form.
_BODIES_OF_EVENTS = {
    status: {**_WRONG["400"], "description": told["description"]}
    for status, told in _of_bodies().items()
}


def _foreign(
    name: str, summary: str, body: Mapping[str, Any] | None, taken: Mapping[str, Any]
) -> dict[str, Any]:
    about = "docs/clients.md has who sends what, and what is made of it."
    said = {"operationId": name, "summary": summary, "description": about, "responses": taken}
    return said | ({"requestBody": body} if body else {})


def _json(description: str) -> dict[str, Any]:
    return {
        "description": description,
        "content": {"application/json": {"schema": {"type": "object"}}},
    }


_COUNTED = [
    _read("p", "The path of the page.", required=True),
    _read("q", "Its query."),
    _read("r", "The referrer."),
    _read("e", "true: it is an event, and counts no view."),
]
_IMAGE = {"200": _PICTURE, **_refusals("p", "p is missing", "GET")}
_OBJECT, _LIST = {"type": "object"}, {"type": "array"}
_EVENT = {
    "post": _foreign(
        "plausibleEvent",
        "Count a view as trackers and libraries of Plausible tell it; other events count nothing.",
        _sent(_OBJECT, EVENT),
        {
            "202": {
                "description": (
                    "It is taken. X-Plausible-Dropped: of so many sites it is not, which are not "
                    "declared (Footfall-Problem)."
                ),
                "content": {"text/plain": {"schema": _TEXT, "example": "ok"}},
            },
            "503": _refusals("", "")["503"],
            **_WRONG,
            **_BODIES_OF_EVENTS,
        },
    )
}
_SEND = {
    "post": _foreign(
        "umamiSend",
        "Count a view as trackers and libraries of Umami tell it; events count nothing.",
        _sent(_OBJECT, SENT),
        {
            "200": _json("It is taken."),
            **_refusals("/payload/url", "url is missing or not a string"),
            **_of_bodies(),
        },
    )
}
_BATCH = {
    "post": _foreign(
        "umamiBatch",
        "The same of many.",
        _sent(_LIST, f"[{SENT}]"),
        {
            "200": _json("How many are taken, and which are not."),
            **_refusals("", "the body is not a list"),
            **_of_bodies(),
        },
    )
}
_COUNT = {
    method: _foreign(f"goatcounterCount{method.title()}", summary, None, _IMAGE)
    | {"parameters": _COUNTED}
    for method, summary in (
        ("get", "Count a view as the script and the picture of GoatCounter tell it."),
        ("post", "The same from a beacon, whose body is not read."),
    )
}
_API_COUNT = {
    "post": _foreign(
        "goatcounterApiCount",
        "Count views as servers tell GoatCounter, of the past too.",
        _sent(_OBJECT, HITS),
        {
            "202": {"description": "All are taken."},
            **_refusals("/hits", "hits is not a list of 1 to 500"),
            "400": {
                "description": "Some are wrong, by index, all others taken; or it is a problem.",
                "content": {
                    "application/json": {"schema": {"type": "object", "required": ["errors"]}},
                    "application/problem+json": {
                        "schema": {"$ref": "#/components/schemas/Problem"}
                    },
                },
            },
            **_of_bodies(),
        },
    )
}


def _still(name: str) -> dict[str, Any]:
    return {"get": _foreign(name, "Is somebody there?", None, {"200": _json("Somebody is.")})}


PATHS: Paths = {
    "/page-views/browser": _BROWSER,
    "/pixel.gif": _PIXEL,
    "/api/event": _EVENT,
    "/api/error": _still("plausibleError"),
    "/api/health": _still("plausibleHealth"),
    "/api/heartbeat": _still("umamiHeartbeat"),
    "/api/send": _SEND,
    "/api/batch": _BATCH,
    "/count": _COUNT,
    **locked({"/api/v0/count": _API_COUNT}, Right.INGEST),
}
