"""What the read API promises, in OpenAPI 3.1."""

from typing import Any

from domain.errors import Problem
from domain.events import MAX_PAGE_BYTES
from domain.hours import REPORT_HOURS
from domain.keys import Right
from domain.problems import INVALID, NOT_YET, UNAVAILABLE
from domain.receipts import MAX_TEXT
from read_api.awaited import DEFAULT_SECONDS, MAX_SECONDS
from read_api.queries import AGENTS, ANYBODY
from web.openapi import Paths, json_response, locked, problem_response
from web.problems import document


def parameter(name: str, description: str, schema: Any, *, required: bool = False) -> Any:
    """A parameter of a query."""
    return {
        "name": name,
        "in": "query",
        "required": required,
        "description": description,
        "schema": schema,
    }


_HOUR = {
    "type": "object",
    "required": ["h", "v"],
    "additionalProperties": False,
    "properties": {
        "h": {"type": "integer", "minimum": 0, "maximum": 23, "description": "Hour of day, UTC."},
        "v": {"type": "integer", "minimum": 0, "description": "Views in that hour."},
    },
}
_REPORT = {
    "type": "object",
    "required": ["data"],
    "additionalProperties": False,
    "properties": {
        "data": {"type": "array", "minItems": 1, "maxItems": REPORT_HOURS, "items": _HOUR}
    },
}
COMPLETENESS: dict[str, Any] = {
    "Footfall-Generation": {
        "description": "The generation of rows that the answer is made of.",
        "required": True,
        "schema": {"type": "integer", "minimum": 1},
        "example": 1,
    },
    "Footfall-Complete-Until": {
        "description": (
            "Every view whose 202 was sent before this moment, by the database's clock, is in the "
            "answer, or was set aside as a dead letter; later ones may be. Left out where that is "
            "not known: a partition is not folded yet, or the clock was set back. It never runs "
            "backward."
        ),
        "schema": {"type": "string", "format": "date-time"},
        "example": "2025-07-16T12:29:58.250Z",
    },
    "Footfall-Lag-Seconds": {
        "description": (
            "How long ago that moment was when the answer was made, rounded up; left out with it."
        ),
        "schema": {"type": "integer", "minimum": 0},
        "example": 2,
    },
}
"""The headers that say how complete an answer is."""
_HEADERS = COMPLETENESS | {
    "Footfall-Horizon": {
        "description": (
            "The oldest hour that is kept; only where an hour before it is asked for, which is "
            "answered 0."
        ),
        "schema": {"type": "string", "format": "date-time"},
        "example": "2025-06-01T00:00:00Z",
    },
}

WAITING = {
    "min-position": parameter(
        "min-position",
        "What `Footfall-Position` of a 202 said: the answer comes once the views of that request "
        "are in it, or were set aside. It is no part of the question.",
        {"type": "string", "maxLength": MAX_TEXT},
    )
    | {"example": "1ks8AAAGYEq09AJGTxBEAASNFZ4mrze8BI0VniavN75ECkQc"},
    "wait": parameter(
        "wait",
        "Seconds after which it is 504 instead; only with min-position.",
        {"type": "number", "minimum": 0, "maximum": MAX_SECONDS, "default": DEFAULT_SECONDS},
    ),
}
"""The parameters of whoever wants to read what was written."""
NOT_FOLDED = problem_response(
    "The views that min-position names are not counted in the time there was.",
    document(
        NOT_YET,
        f"the views of min-position are not counted within {DEFAULT_SECONDS:g} s; ask again later",
        method="GET",
    ),
)

AGENT = parameter(
    "agent",
    "Whose views count: everybody's, or those of persons, of robots, or of nobody known, which is "
    "where no user agent was sent.",
    {"type": "string", "enum": list(AGENTS), "default": ANYBODY},
)

_TAKE = f"take is not a whole number from 1 to {REPORT_HOURS}"

_REPORTS: Paths = {
    "/report": {
        "get": {
            "operationId": "report",
            "summary": "Views of a page in the 24 whole hours before the hour of `now`.",
            "description": (
                "Hours are UTC, oldest first; every hour is present, with 0 where nothing was "
                "seen. A "
                "parameter of any other name is refused: it may be the end of a page whose & was "
                "not percent-encoded."
            ),
            "parameters": [
                parameter(
                    "page",
                    "The page as it was sent.",
                    {
                        "type": "string",
                        "minLength": 1,
                        "maxLength": MAX_PAGE_BYTES,
                        "pattern": r"^[^\u0000-\u001f\u007f-\u009f]+$",
                    },
                    required=True,
                )
                | {"example": "example.com/page"},
                parameter(
                    "now",
                    "The moment to look back from, ISO 8601; the present if left out.",
                    {"type": "string", "format": "date-time"},
                )
                | {"example": "2025-07-16T12:30:00Z"},
                parameter(
                    "order",
                    "asc is oldest first, desc is newest first.",
                    {"type": "string", "enum": ["asc", "desc"], "default": "asc"},
                ),
                parameter(
                    "take",
                    "Only the first so many hours, after ordering.",
                    {
                        "type": "integer",
                        "minimum": 1,
                        "maximum": REPORT_HOURS,
                        "default": REPORT_HOURS,
                    },
                ),
                AGENT,
                *WAITING.values(),
            ],
            "responses": {
                "200": json_response(
                    "The hours.", _REPORT, {"data": [{"h": 10, "v": 5}, {"h": 11, "v": 0}]}
                )
                | {"headers": _HEADERS},
                "400": problem_response(
                    "A parameter is not valid.",
                    document(INVALID, _TAKE, [Problem("take", _TAKE)], method="GET"),
                ),
                "503": problem_response(
                    "The database cannot be reached.",
                    document(
                        UNAVAILABLE,
                        "the database cannot be reached; ask again later",
                        method="GET",
                    ),
                ),
                "504": NOT_FOLDED,
            },
        }
    },
}
_OPERATIONS: Paths = {
    "/metrics": {
        "get": {
            "operationId": "metrics",
            "summary": "How far the fold is and what the last audits found, for Prometheus.",
            "description": (
                "Where ingest is part of the process, also what it refused, by reason; where it is "
                "all of it, only that."
            ),
            "responses": {
                "200": {
                    "description": "Gauges and counters in the text format of Prometheus.",
                    "content": {
                        "text/plain": {
                            "schema": {"type": "string"},
                            "example": (
                                "# HELP footfall_live_generation The generation reports read.\n"
                                "# TYPE footfall_live_generation gauge\n"
                                "footfall_live_generation 1.0\n"
                            ),
                        }
                    },
                },
                "503": problem_response(
                    "The database cannot be reached.",
                    document(
                        UNAVAILABLE,
                        "the database cannot be reached; ask again later",
                        method="GET",
                    ),
                ),
            },
        }
    },
}
PATHS: Paths = {**locked(_REPORTS, Right.READ), **locked(_OPERATIONS, Right.ADMIN)}
