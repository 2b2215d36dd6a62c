"""The body of a question and of its answer, in OpenAPI 3.1."""

from collections.abc import Mapping
from typing import Any

from read_api.plausible.query import FIELDS, INCLUDED, MOST_ROWS
from read_api.plausible.ranges import WORDS
from read_api.plausible.words import METRIC, NAMED, UNITS

SITE = {"type": "string", "minLength": 1, "pattern": "^[^/]+$"}
_DIMENSIONS = [*NAMED, *UNITS]
_PAIR = {
    "type": "array",
    "minItems": 2,
    "maxItems": 2,
    "prefixItems": [
        {"type": "string", "enum": [METRIC, *_DIMENSIONS]},
        {"type": "string", "enum": ["asc", "desc"]},
    ],
}
FIELD_SCHEMAS: Mapping[str, Any] = {
    "site_id": SITE | {"description": "What stands before the first slash of its pages."},
    "metrics": {
        "type": "array",
        "minItems": 1,
        "maxItems": 1,
        "items": {"type": "string", "const": METRIC},
    },
    "date_range": {
        "description": (
            f"Any of {', '.join(WORDS)}, and any other Nd and Nmo; two dates; or two moments with "
            "an offset, the first at the start of an hour, the other at the last second of one. "
            "Both ends are part of it. All of UTC."
        ),
        "anyOf": [
            {"type": "string", "pattern": "^([1-9][0-9]*(d|mo|h)|day|month|year|all)$"},
            {"type": "array", "minItems": 2, "maxItems": 2, "items": {"type": "string"}},
        ],
    },
    "dimensions": {
        "type": "array",
        "uniqueItems": True,
        "items": {"type": "string", "enum": _DIMENSIONS},
        "default": [],
    },
    "filters": {
        "type": "array",
        "description": "Lists of an operator, a dimension and values, and those with and, or, not.",
        "items": {"type": "array", "minItems": 2},
        "default": [],
    },
    "order_by": {"type": "array", "items": _PAIR, "default": []},
    "include": {
        "type": "object",
        "additionalProperties": False,
        "properties": {name: {"type": "boolean"} for name in INCLUDED},
    },
    "pagination": {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "limit": {"type": "integer", "minimum": 1, "maximum": MOST_ROWS, "default": MOST_ROWS},
            "offset": {"type": "integer", "minimum": 0, "default": 0},
        },
    },
}
EXAMPLE = {"site_id": "example.com", "metrics": [METRIC], "date_range": "7d"}
_ROW = {
    "type": "object",
    "required": ["metrics", "dimensions"],
    "properties": {
        "metrics": {"type": "array", "items": {"type": "integer", "minimum": 0}},
        "dimensions": {"type": "array", "items": {"type": "string"}},
    },
}
ANSWER = {
    "type": "object",
    "required": ["results", "meta", "query"],
    "properties": {
        "results": {"type": "array", "maxItems": MOST_ROWS, "items": _ROW},
        "meta": {"type": "object"},
        "query": {"type": "object", "required": [*FIELDS]},
    },
}
ANSWERED = {
    "results": [{"metrics": [117], "dimensions": []}],
    "meta": {},
    "query": EXAMPLE
    | {
        "date_range": ["2025-07-09T00:00:00+00:00", "2025-07-15T23:59:59+00:00"],
        "filters": [],
        "dimensions": [],
        "order_by": [[METRIC, "desc"]],
        "include": {},
        "pagination": {"offset": 0, "limit": MOST_ROWS},
    },
}
