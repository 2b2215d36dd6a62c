"""What these questions and their answers are, in OpenAPI 3.1."""

from collections.abc import Mapping, Sequence
from typing import Any

from domain import problems
from domain.errors import Problem
from domain.keys import Right
from domain.problems import Kind
from read_api.openapi import AGENT, COMPLETENESS, WAITING, parameter
from read_api.plausible.asking import UNKNOWN
from read_api.plausible.legacy_reading import (
    AGGREGATE,
    BREAKDOWN,
    DEFAULT_LIMIT,
    DEFAULT_PERIOD,
    INTERVALS,
    MOST_LIMIT,
    MOST_PAGE,
    PERIODS,
    PREVIOUS,
    TIMESERIES,
)
from read_api.plausible.openapi_bodies import ANSWER, ANSWERED, EXAMPLE, FIELD_SCHEMAS, SITE
from read_api.plausible.query import REQUIRED
from read_api.plausible.routes import MAX_BODY_BYTES, QUERY, STATS
from read_api.plausible.words import METRIC, NAMED
from web.error_member import ERROR
from web.openapi import Paths, locked, problem_response
from web.problems import PROBLEM, document

_NO_VISITORS = "visitors cannot be answered, views of pages are counted here: ask for pageviews"


def _refused(kind: Kind, pointer: str, detail: str, method: str) -> Any:
    content = document(kind, detail, [Problem(pointer, detail)], method)
    return content | {ERROR: detail}


def _refusals(pointer: str, sentence: str, method: str) -> Mapping[str, Any]:
    away = "the database cannot be reached; ask again later"
    late = "the views of min-position are not counted within 5 s; ask again later"
    return {
        "400": problem_response(
            f"It cannot be answered; `{ERROR}` says why, and what to ask instead.",
            _refused(problems.INVALID, pointer, sentence, method),
        ),
        "503": problem_response(
            "The database cannot be reached, or too many bodies are on their way.",
            document(problems.UNAVAILABLE, away, method=method) | {ERROR: away},
        ),
        "504": problem_response(
            "The views that min-position names are not counted in the time there was.",
            document(problems.NOT_YET, late, method=method) | {ERROR: late},
        ),
    }


def _of_bodies() -> Mapping[str, Any]:
    told = {
        "408": (problems.TOO_SLOW, "the body did not arrive within 10 s: send less in one request"),
        "413": (problems.TOO_LARGE, f"the body is over {MAX_BODY_BYTES:,} bytes"),
        "415": (problems.UNSUPPORTED_ENCODING, "send the body as it is, or packed with gzip"),
    }
    return {
        status: problem_response(kind.means, _refused(kind, "", detail, "POST"))
        for status, (kind, detail) in told.items()
    }


def _answered(schema: Any, example: Any) -> dict[str, Any]:
    return {
        "200": {
            "description": "The answer.",
            "headers": COMPLETENESS,
            "content": {"application/json": {"schema": schema, "example": example}},
        }
    }


_ASK = {
    "operationId": "plausibleQuery",
    "summary": "Views of a site, as clients of Plausible's Stats API v2 ask for them.",
    "description": (
        f"{METRIC} is the one metric. Figures are of all agents where `agent` does not say whose. "
        "docs/plausible-api.md has what is refused and what to ask instead."
    ),
    "parameters": [AGENT, *WAITING.values()],
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "required": [*REQUIRED],
                    "additionalProperties": False,
                    "properties": FIELD_SCHEMAS,
                },
                "example": EXAMPLE,
            }
        },
    },
    "responses": {
        **_answered(ANSWER, ANSWERED),
        **_refusals("/metrics/0", f"#/metrics/0: {_NO_VISITORS}", "POST"),
        **_of_bodies(),
    },
}


def _words(*words: str, default: str | None = None) -> dict[str, Any]:
    return {"type": "string", "enum": [*words]} | ({"default": default} if default else {})


def _number(most: int, default: int) -> dict[str, Any]:
    return {"type": "integer", "minimum": 1, "maximum": most, "default": default}


_PARAMETERS: Mapping[str, Any] = {
    "site_id": parameter("site_id", "Whose pages.", SITE, required=True),
    "period": parameter(
        "period",
        "Of date, UTC: its day or its month; so many whole days before it, or months before its "
        "own; custom: from the first of two dates in it to the last.",
        _words(*PERIODS, default=DEFAULT_PERIOD),
    ),
    "date": parameter("date", "Today where it is left out.", {"type": "string"}),
    "metrics": parameter("metrics", f"{METRIC}.", {"type": "string"}, required=True),
    "filters": parameter(
        "filters",
        "event:page==/a|/b;visit:source!=x, with * for any characters.",
        {"type": "string"},
    ),
    "with_imported": parameter("with_imported", "Changes nothing.", _words("true", "false")),
    "agent": AGENT,
    "compare": parameter("compare", "With as long a range right before.", _words(PREVIOUS)),
    "interval": parameter(
        "interval", "day, but month for 6mo and 12mo, where it is left out.", _words(*INTERVALS)
    ),
    "property": parameter("property", "What is listed.", _words(*NAMED), required=True),
    "limit": parameter("limit", "So many at most.", _number(MOST_LIMIT, DEFAULT_LIMIT)),
    "page": parameter("page", "Which of these.", _number(MOST_PAGE, 1)),
}


def _get(name: str, summary: str, names: Sequence[str], results: Any) -> dict[str, Any]:
    schema = {"type": "object", "required": ["results"]}
    return {
        "get": {
            "operationId": f"plausible{name.title()}",
            "summary": summary,
            "parameters": [*(_PARAMETERS[each] for each in names), *WAITING.values()],
            "responses": {
                **_answered(schema, {"results": results}),
                **_refusals("metrics", f"metrics: {_NO_VISITORS}", "GET"),
            },
        }
    }


_NOW = "how many visitors there are now is not known here"
_PATHS: Paths = {
    QUERY: {"post": _ASK},
    f"{STATS}/aggregate": _get(
        "aggregate", "Views of a site in a range.", AGGREGATE, {METRIC: {"value": 117}}
    ),
    f"{STATS}/timeseries": _get(
        "timeseries",
        "Views by day or month.",
        TIMESERIES,
        [{"date": "2025-07-15", METRIC: 117}],
    ),
    f"{STATS}/breakdown": _get(
        "breakdown", "Pages or sources by their views.", BREAKDOWN, [{"page": "/", METRIC: 117}]
    ),
    f"{STATS}/realtime/visitors": {
        "get": {
            "operationId": "plausibleVisitorsNow",
            "summary": "Refused: no visitors are known.",
            "responses": {
                "400": problem_response(
                    "Always.", _refused(problems.INVALID, "visitors", _NOW, "GET")
                )
            },
        }
    },
}


def _lockouts(method: str, responses: Mapping[str, Any]) -> Mapping[str, Any]:
    """As the lock refuses, with `error`; whoever asks about a site that is not known hears 401."""
    unknown = _refused(problems.UNKNOWN_SITE, "/site_id", UNKNOWN, method.upper())
    found = {}
    for status, beside in (("401", [unknown]), ("403", [])):
        content = responses[status]["content"][PROBLEM.decode()]
        told = [each["value"] for each in content["examples"].values()]
        refusals = [each | {ERROR: each["detail"]} for each in told]
        response = problem_response(responses[status]["description"], *refusals, *beside)
        found[status] = response | {"headers": responses[status]["headers"]}
    return found


def _with_lockouts(paths: Paths) -> Paths:
    return {
        path: {
            method: {**told, "responses": told["responses"] | _lockouts(method, told["responses"])}
            for method, told in operations.items()
        }
        for path, operations in paths.items()
    }


PATHS = _with_lockouts(locked(_PATHS, Right.READ))
