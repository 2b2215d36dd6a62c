"""What ingest promises, in OpenAPI 3.1."""

from collections.abc import Mapping
from typing import Any

from domain.errors import Problem
from domain.events import MAX_PAGE_BYTES
from domain.keys import Right
from domain.problems import (
    INVALID,
    OVERLOADED,
    PAST_HORIZON,
    TOO_LARGE,
    TOO_SLOW,
    UNAVAILABLE,
    UNCONFIRMED,
    UNSUPPORTED_ENCODING,
    Kind,
)
from domain.receipts import MAX_TEXT
from ingest.faults import AGENT
from ingest.openapi_agents import COUNTS, USER_AGENT
from ingest.requests import MAX_BODY_BYTES
from web.openapi import Paths, json_response, locked, problem_response
from web.problems import document

_PAGE = {
    "type": "string",
    "minLength": 1,
    "maxLength": MAX_PAGE_BYTES,
    "pattern": r"^[^\u0000-\u001f\u007f-\u009f]+$",
    "description": f"At most {MAX_PAGE_BYTES:,} bytes of UTF-8, no control characters.",
}
_TIMESTAMP = {
    "type": "string",
    "format": "date-time",
    "description": (
        "Date and time of RFC 3339, or of ISO 8601 as in `2025-07-16T12:00:00.000+02:00`. Without "
        "an offset it means UTC. Minutes, seconds and the colons between them may be left out; a "
        "fraction of a second has up to 20 digits behind `.` or `,`; `t`, `_` or a space are "
        "accepted in place of `T`, `z` in place of `Z`; second 60 is the first of the next minute. "
        "Not more than 1 h in the future, not older than RETENTION_DAYS keeps where that is set."
    ),
}
_ACCEPTED = {
    "type": "object",
    "required": ["accepted"],
    "properties": {"accepted": {"type": "integer", "minimum": 0}},
}
_POSITION = {
    "description": (
        "Where the views stand: send it as `min-position` with a question, whose answer then has "
        f"them. An opaque word of at most {MAX_TEXT:,} characters, usually about 50; missing where "
        "it would be longer, which takes views of more than 240 partitions in one request."
    ),
    "schema": {"type": "string", "pattern": "^[0-9A-Za-z_-]+$", "maxLength": MAX_TEXT},
}
_EXAMPLE_SINGLE = {"page": "example.com/page", "timestamp": "2025-07-16T10:00:00Z"}
_EXAMPLE_MULTI = {
    "example.com/page1": {"2025-07-16T10:00:00Z": 5, "2025-07-16T11:00:00Z": 3},
    "example.com/page2": {"2025-07-16T10:00:00Z": 2},
}


# 2025-07-06T10:00:00Z
_OLDEST_MS = 1_751_796_000_000


def _refused(
    kind: Kind, pointer: str, detail: str, oldest_ms: int | None = None
) -> Mapping[str, Any]:
    return document(kind, detail, [Problem(pointer, detail, oldest_ms)])


def _unsupported_encoding() -> dict[str, Any]:
    detail = "Content-Encoding 'br' is not read here: send the body as it is, or gzip"
    response = problem_response(
        "The body is packed in a way that is not read here.",
        _refused(UNSUPPORTED_ENCODING, "", detail),
    )
    what_is_read = {"description": "What is read.", "schema": {"type": "string"}}
    return response | {"headers": {"Accept-Encoding": what_is_read}}


def _operation(
    name: str, summary: str, schema: Any, example: Any, accepted: int, twice: str
) -> dict[str, Any]:
    return {
        "post": {
            "operationId": name,
            "summary": summary,
            "description": (
                "202 means the log has confirmed the views. 503 means nobody has; they may still "
                "be counted later where the answer says so (`outcome` is unknown)."
            ),
            "requestBody": {
                "required": True,
                "description": (
                    "JSON in UTF-8, as it is or packed with gzip (`Content-Encoding: gzip`). "
                    f"{twice}"
                ),
                "content": {"application/json": {"schema": schema, "example": example}},
            },
            "responses": {
                "202": json_response(
                    "The log has confirmed the views.", _ACCEPTED, {"accepted": accepted}
                )
                | {"headers": {"Footfall-Position": _POSITION}},
                "400": problem_response(
                    "Something in the request cannot be counted; nothing was appended.",
                    _refused(
                        INVALID,
                        "/page",
                        "page is empty: send the page's address, such as example.com/page",
                    ),
                    _refused(
                        PAST_HORIZON,
                        "/timestamp",
                        "timestamp '2025-01-01T00:00:00Z' is older than RETENTION_DAYS=10 keeps: "
                        "the oldest accepted moment is 2025-07-06T10:00:00Z",
                        _OLDEST_MS,
                    ),
                ),
                "408": problem_response(
                    "The body did not arrive within the deadline; the connection is closed.",
                    _refused(
                        TOO_SLOW,
                        "",
                        "the body did not arrive within 10 s: send less in one request",
                    ),
                ),
                "413": problem_response(
                    f"The body is over {MAX_BODY_BYTES:,} bytes, packed or unpacked.",
                    _refused(
                        TOO_LARGE,
                        "",
                        f"the body is over {MAX_BODY_BYTES:,} bytes: send it in several requests",
                    ),
                ),
                "415": _unsupported_encoding(),
                "503": problem_response(
                    "The log did not confirm within the deadline or cannot be written, or too much "
                    "is waiting.",
                    document(
                        OVERLOADED,
                        "too many views are waiting for the log; nothing was appended, "
                        "send it again later",
                    ),
                    document(
                        UNCONFIRMED,
                        "the log did not confirm within 10 s; the views may or may not be counted "
                        "later, nothing is confirmed",
                    ),
                    document(
                        UNAVAILABLE,
                        "the log file: make "
                        "room on its disk; nothing was appended, send it again later",
                    ),
                ),
            },
        }
    }


_PATHS: Paths = {
    "/page-views/single": _operation(
        "addView",
        "Count one view.",
        {
            "type": "object",
            "required": ["page", "timestamp"],
            "additionalProperties": False,
            "properties": {"page": _PAGE, "timestamp": _TIMESTAMP, AGENT: USER_AGENT},
        },
        _EXAMPLE_SINGLE,
        1,
        "A member that is given twice is refused.",
    ),
    "/page-views/multi": _operation(
        "addViews",
        "Count many views: page to timestamp to count, or to user agent to count. All or nothing.",
        {
            "type": "object",
            "propertyNames": _PAGE,
            "additionalProperties": {
                "type": "object",
                "propertyNames": _TIMESTAMP,
                "additionalProperties": COUNTS,
            },
        },
        _EXAMPLE_MULTI,
        10,
        "A page, moment or user agent that is given twice is counted both times.",
    ),
}
PATHS = locked(_PATHS, Right.INGEST)
