"""What the log's end promises, in OpenAPI 3.1."""

from typing import Any

from domain.keys import Right
from domain.problems import OVERLOADED
from read_api.live.counts import LATEST, MINUTES
from read_api.live.routes import EVENTS, MOST_CLIENTS, NAMES, PATH
from read_api.live.shapes import Live
from read_api.live.state import State
from read_api.stats.openapi import NO_STORE, PARAMETERS, REFUSALS
from read_api.stats.openapi_answers import schema_of
from web.openapi import Paths, json_response, locked, problem_response
from web.problems import document

SCHEMA = schema_of(Live)
SCHEMA["properties"]["state"] = {"type": "string", "enum": [one.value for one in State]}
EXAMPLE = {
    "question": {"selection": {"site": "example.com"}, "agent": "all"},
    "since": "2025-07-18T14:08:00Z",
    "until": "2025-07-18T14:37:06Z",
    "minutes": [0] * 27 + [2, 0, 5],
    "views": 7,
    "latest": [
        {"at": "2025-07-18T14:37:05Z", "page": "example.com/", "views": 1},
        {"at": "2025-07-18T14:37:01Z", "page": "example.com/pricing", "views": 4},
        {"at": "2025-07-18T14:35:40Z", "page": "example.com/", "views": 2},
    ],
    "state": "following",
    "stands_still_since": None,
    "notes": [
        "These views are confirmed, and may not all be counted yet: those that are not are no "
        "part of other answers."
    ],
}
EVENT = {
    "description": "One event; `data` is JSON, as other answers are.",
    "type": "object",
    "properties": {
        "event": {"const": "live"},
        "data": {
            "type": "string",
            "contentMediaType": "application/json",
            "contentSchema": SCHEMA,
        },
        "retry": {"type": "integer"},
    },
    "required": ["event", "data"],
}
_ABOUT = (
    f"Of the log's end, not of the rows: views of the last {MINUTES} minutes that are confirmed, "
    "by the minute of their own moment, and not all of them counted yet. `minutes` are the oldest "
    "first, the last is the one under way; null is not known. `latest` are the newest "
    f"{LATEST} by page and second; none where a source is asked for. The log is followed while "
    "somebody looks, from half an hour back: `catching-up` as long as that takes, `stands-still` "
    "while it does not answer, `unknown` where it is not reached from the read API at all, and no "
    "number is known."
)
_MANY = f"{MOST_CLIENTS} streams are open already: ask {PATH} every few seconds, or come back later"
_PARAMETERS = [PARAMETERS[name] for name in NAMES]


def _path(name: str, summary: str, description: str, responses: Any) -> dict[str, Any]:
    refused = {"400": REFUSALS["400"], **responses}
    return {
        "get": {
            "operationId": name,
            "summary": summary,
            "description": description,
            "parameters": _PARAMETERS,
            "responses": refused,
        }
    }


_PATHS: Paths = {
    PATH: _path(
        "statsLive",
        "Views of the last half hour, as they are confirmed.",
        _ABOUT,
        {"200": json_response("What is known.", SCHEMA, EXAMPLE) | {"headers": NO_STORE}},
    ),
    EVENTS: _path(
        "statsLiveEvents",
        "The same as server-sent events.",
        f"An event `live` with what {PATH} answers at once, and another, at most once a second, "
        "whenever something is new; a comment every 15 s where nothing is. It ends when the key is "
        "withdrawn, and with the process.",
        {
            "200": {
                "description": "The stream.",
                "headers": NO_STORE,
                "content": {
                    "text/event-stream": {
                        "schema": EVENT,
                        "example": "retry: 3000\n\nevent: live\ndata: {…}\n\n",
                    }
                },
            },
            "503": problem_response(
                "As many streams are open as may be.", document(OVERLOADED, _MANY, method="GET")
            ),
        },
    ),
}
PATHS = locked(_PATHS, Right.READ)
