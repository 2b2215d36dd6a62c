"""What badges promise, in OpenAPI 3.1."""

from typing import Any

from domain.errors import Problem
from domain.problems import INVALID, NOT_FOUND, UNAVAILABLE
from read_api.badges.counts import KEPT_SECONDS, Since
from read_api.badges.drawing import COLOR, badge
from read_api.badges.routes import BADGE, LABELS, MAX_LABEL, PERIODS
from web.openapi import Paths, json_response, problem_response
from web.problems import document

_PERIOD = "period is none of all, 30d: send one of them"
_ABOUT = (
    "For pages of sites that the setting BADGES names; nobody needs a key. It is up to "
    f"{KEPT_SECONDS} seconds old. Slashes in a page need not be percent-encoded."
)
_EXAMPLE = {
    "schemaVersion": 1,
    "label": LABELS[Since.ALL],
    "message": "1,204 views",
    "color": COLOR,
    "views": 1_204,
    "complete_until": "2025-07-18T14:37:05.000Z",
}
_TEXT = {"type": "string"}
_SCHEMA = {
    "type": "object",
    "required": list(_EXAMPLE),
    "additionalProperties": False,
    "properties": {
        "schemaVersion": {"const": 1},
        "label": _TEXT,
        "message": _TEXT,
        "color": _TEXT,
        "views": {"type": "integer", "minimum": 0},
        "complete_until": {"type": ["string", "null"], "format": "date-time"},
    },
}
_PARAMETERS = [
    {
        "name": "page",
        "in": "path",
        "required": True,
        "description": "The page, as it is counted.",
        "schema": {"type": "string", "minLength": 1},
        "example": "example.com/pricing",
    },
    {
        "name": "period",
        "in": "query",
        "description": "30d: 30 days of UTC, today the last.",
        "schema": {"type": "string", "enum": [*PERIODS], "default": Since.ALL.value},
    },
    {
        "name": "label",
        "in": "query",
        "description": "What stands in front of the number.",
        "schema": {"type": "string", "maxLength": MAX_LABEL},
    },
]


def _path(name: str, summary: str, shown: dict[str, Any]) -> dict[str, Any]:
    return {
        "get": {
            "operationId": name,
            "summary": summary,
            "description": _ABOUT,
            "parameters": _PARAMETERS,
            "responses": {
                "200": shown,
                "304": {"description": "The client holds it already (If-None-Match)."},
                "400": problem_response(
                    "A parameter is not valid.",
                    document(INVALID, _PERIOD, [Problem("period", _PERIOD)], method="GET"),
                ),
                "404": problem_response(
                    "There are no badges for pages of that site.",
                    document(
                        NOT_FOUND,
                        "there is nothing here: /schema describes what there is",
                        method="GET",
                    ),
                ),
                "503": problem_response(
                    "The database cannot be reached, and the number is not known from before.",
                    document(
                        UNAVAILABLE,
                        "the database cannot be reached; ask again later",
                        method="GET",
                    ),
                ),
            },
        }
    }


_PICTURE = {
    "description": "The picture.",
    "content": {
        "image/svg+xml": {
            "schema": {"type": "string"},
            "example": badge(LABELS[Since.ALL], "1,204 views"),
        }
    },
}
PATHS: Paths = {
    f"{BADGE}/{{page}}.svg": _path("badge", "How often a page was viewed, as a picture.", _PICTURE),
    f"{BADGE}/{{page}}.json": _path(
        "badgeNumber",
        "The same for programs.",
        json_response("An endpoint badge of shields.io, with the number.", _SCHEMA, _EXAMPLE),
    ),
}
