"""The shapes of answers as JSON schema, each with an example and the beginning of its table."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec
from msgspec import Struct

from read_api.stats.shapes import Bounds, HoursOfWeek, Movers, Pages, Sites, Sources, Views


class Described(NamedTuple):
    """An answer."""

    schema: Any
    example: Any
    table: str


def schema_of(answer: type[Struct]) -> Any:
    """Without references: they would be read from the root of the whole document."""
    (schema,), parts = msgspec.json.schema_components([answer], ref_template="{name}")
    return _inlined(schema, parts)


def _inlined(schema: Any, parts: Mapping[str, Any]) -> Any:
    match schema:
        case {"$ref": name}:
            return _inlined(parts[name], parts)
        case dict():
            return {name: _inlined(value, parts) for name, value in schema.items()}
        case list():
            return [_inlined(value, parts) for value in schema]
    return schema


_FROM, _TO = "2025-07-16T00:00:00+02:00", "2025-07-18T00:00:00+02:00"
_QUESTION = {
    "selection": {"site": "example.com"},
    "from": _FROM,
    "to": _TO,
    "unit": "day",
    "tz": "Europe/Berlin",
    "agent": "all",
}
_UNTIL = "2025-07-18T09:12:04.250Z"
_SHARED = {
    "question": _QUESTION,
    "total": 140,
    "complete_until": _UNTIL,
    "generation": 3,
    "notes": [],
}
_DAYS = [
    {"from": _FROM, "to": "2025-07-17T00:00:00+02:00", "views": 60, "complete": True},
    {"from": "2025-07-17T00:00:00+02:00", "to": _TO, "views": 80, "complete": True},
]
_COMPARED = {
    "from": "2025-07-14T00:00:00+02:00",
    "to": "2025-07-16T00:00:00+02:00",
    "total": 125,
    "hours": 48,
    "of_hours": 48,
}
_COMPARING = {"question": _QUESTION | {"compare": "previous"}}
_PAGE = {"rank": 1, "page": "example.com/pricing", "views": 98, "share": 0.7, "change": 0.12}
_SITE = {"rank": 1, "site": "example.com", "views": 140, "share": 1.0, "change": None}
_SOURCE = {"rank": 1, "source": "news.example", "direct": False, "views": 90, "share": 0.75}
_DIRECT = {"rank": 2, "source": "", "direct": True, "views": 30, "share": 0.25}
_HOURLY = {
    "type": "object",
    "required": ["question", "complete_until", "generation", "notes", "rows", "total"],
    "properties": {
        "question": {"type": "object"},
        "complete_until": {"type": ["string", "null"], "format": "date-time"},
        "generation": {"type": "integer"},
        "notes": {"type": "array", "items": {"type": "string"}},
        "rows": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["hour", "page", "views"],
                "properties": {
                    "hour": {"type": "string", "format": "date-time"},
                    "page": {"type": "string"},
                    "views": {"type": "integer", "minimum": 1},
                },
            },
        },
        "total": {"type": "integer"},
    },
}
_HOUR = {"hour": "2025-07-16T10:00:00Z", "page": "example.com/pricing", "views": 98}

ANSWERS: Mapping[str, Described] = {
    "views": Described(
        schema_of(Views),
        _SHARED | {"buckets": _DAYS, "busiest": _DAYS[1]},
        f"from,to,views,complete,cut\r\n{_FROM},2025-07-17T00:00:00+02:00,60,true,\r\n",
    ),
    "pages": Described(
        schema_of(Pages),
        _SHARED
        | _COMPARING
        | {"pages": [_PAGE | {"before": 88}], "pages_total": 7, "next": "lQIHrWV4YW1wbGU"}
        | {"compare": _COMPARED},
        "rank,page,views,share,change\r\n1,example.com/pricing,98,0.7,0.12\r\n",
    ),
    "sites": Described(
        schema_of(Sites),
        _SHARED | {"sites": [_SITE], "sites_total": 1, "next": None},
        "rank,site,views,share,change\r\n1,example.com,140,1.0,\r\n",
    ),
    "sources": Described(
        schema_of(Sources),
        _SHARED
        | {
            "total": 120,
            "sources": [_SOURCE | {"change": None}, _DIRECT | {"change": None}],
            "sources_total": 2,
            "known": 120,
            "of_views": 140,
            "next": None,
        },
        "rank,source,views,share,change\r\n1,news.example,90,0.75,\r\n",
    ),
    "movers": Described(
        schema_of(Movers),
        _SHARED
        | {
            "risers": [
                {"page": "example.com/pricing", "views": 98, "before": 88, "difference": 10}
            ],
            "fallers": [],
            "compare": _COMPARED,
        },
        "page,views,before,difference\r\nexample.com/pricing,98,88,10\r\n",
    ),
    "hours-of-week": Described(
        schema_of(HoursOfWeek),
        _SHARED | {"cells": [{"weekday": 3, "hour": 12, "views": 140}]},
        "weekday,hour,views\r\n3,12,140\r\n",
    ),
    "bounds": Described(
        schema_of(Bounds),
        {
            "question": {
                "selection": {},
                "from": "2025-07-08T04:00:00Z",
                "to": "2025-07-18T12:00:00Z",
                "unit": None,
                "tz": "UTC",
                "agent": "all",
            },
            "total": 1_024,
            "complete_until": _UNTIL,
            "generation": 3,
            "notes": [],
            "first": "2025-07-08T04:00:00Z",
            "last": "2025-07-18T11:00:00Z",
            "horizon": None,
            "pages": 12,
            "sites": 1,
            "rows": 260,
        },
        "first,last,horizon,pages,sites,rows,views\r\n",
    ),
    "export": Described(
        _HOURLY,
        _SHARED | {"rows": [_HOUR], "total": 98},
        "hour,page,views\r\n2025-07-16T10:00:00Z,example.com/pricing,98\r\n",
    ),
}
