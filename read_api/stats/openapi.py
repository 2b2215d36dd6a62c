"""What statistics promise, in OpenAPI 3.1."""

from collections.abc import Mapping, Sequence
from typing import Any

from domain.errors import Problem
from domain.events import MAX_PAGE_BYTES
from domain.keys import Right
from domain.problems import INVALID, TOO_MANY_BUCKETS, UNAVAILABLE
from domain.spreadsheets import HOURLY
from domain.stats.ranking import MAX_LIMIT
from domain.stats.units import MAX_BUCKETS
from read_api.openapi import AGENT, COMPLETENESS, NOT_FOLDED, WAITING, parameter
from read_api.stats.asking import DEFAULT_LIMIT, DEFAULT_PERIOD, ENDPOINTS
from read_api.stats.export import NAMES
from read_api.stats.formats import Format
from read_api.stats.openapi_answers import ANSWERS
from read_api.stats.openapi_operations import OPERATIONS_EXAMPLE, OPERATIONS_SCHEMA
from read_api.stats.openapi_state import STATE_EXAMPLE, STATE_SCHEMA
from read_api.stats.trends import MAX_PARTS
from web.openapi import Paths, json_response, locked, problem_response
from web.problems import document

_TEXT = {
    "type": "string",
    "minLength": 1,
    "maxLength": MAX_PAGE_BYTES,
    "pattern": r"^[^\u0000-\u001f\u007f-\u009f]+$",
}
_EDGE = {
    "anyOf": [{"type": "string", "format": "date"}, {"type": "string", "format": "date-time"}],
    "examples": ["2025-07-16", "2025-07-16T10:00:00Z"],
}


def _words(*words: str, default: str | None = None) -> dict[str, Any]:
    return {"type": "string", "enum": list(words)} | ({"default": default} if default else {})


def _number(most: int, default: int | None = None) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "integer", "minimum": 1, "maximum": most}
    return schema | ({"default": default} if default else {})


PARAMETERS: Mapping[str, Any] = {
    "page": parameter("page", "One page. Of page, prefix and site there is at most one.", _TEXT),
    "prefix": parameter("prefix", "All pages that begin with this.", _TEXT),
    "site": parameter(
        "site",
        "All pages of a site, which is what stands before a page's first slash; empty for pages "
        "that begin with one.",
        {"type": "string", "maxLength": MAX_PAGE_BYTES, "pattern": r"^[^/\u0000-\u001f]*$"},
    ),
    "source": parameter(
        "source",
        "Only views of which it is known that viewers came from here; empty for those of which it "
        "is known that they came from nowhere. With site, or with all pages: not with page and "
        "prefix.",
        {"type": "string", "maxLength": MAX_PAGE_BYTES},
    ),
    "agent": AGENT,
    "period": parameter(
        "period",
        "A range that ends with the present, in place of from and to. 24h and 7d are whole hours, "
        "the open one the last; the others are whole days of tz, and so is 7d where unit is a day "
        "or longer: today, 7 or 30 days, since the first of the month, since the first of the "
        "month eleven months ago, since the first hour that has views.",
        _words("24h", "today", "7d", "30d", "month", "12mo", "all"),
    ),
    "from": parameter(
        "from",
        "The first moment, ISO 8601 (UTC where it has no offset), or a date in tz. It is moved "
        "back to the start of its hour.",
        _EDGE,
    ),
    "to": parameter(
        "to", "The moment or date that is not part of it any more; the present if left out.", _EDGE
    ),
    "unit": parameter(
        "unit",
        "What a bucket is: hours up to 8 days, days up to 800, else months, if left out. Weeks "
        "begin on Monday.",
        _words("hour", "day", "week", "month"),
    ),
    "tz": parameter(
        "tz",
        "Whose days, a name of the IANA database. Where its hours are not those of UTC they are "
        "cut at the whole UTC hour before, and `notes` say so.",
        {"type": "string", "default": "UTC", "examples": ["Europe/Berlin"]},
    ),
    "compare": parameter(
        "compare",
        "With what it is compared: as long a range right before, or the same dates a year before. "
        "A change is of whole hours that are over and kept on both sides.",
        _words("previous", "year"),
    ),
    "search": parameter(
        "search",
        "Only names that hold this; the letters A to Z are as good as a to z.",
        {"type": "string", "maxLength": MAX_PAGE_BYTES},
    ),
    "limit": parameter("limit", "So many at most.", _number(MAX_LIMIT, DEFAULT_LIMIT)),
    "cursor": parameter(
        "cursor",
        "Where a list goes on: `next` of an answer to the same question.",
        {"type": "string"},
    ),
    "count": parameter(
        "count",
        "Whether pages and rows are counted, which takes a look at all of them: none leaves both "
        "null.",
        _words("all", "none", default="all"),
    ),
    "trend": parameter(
        "trend", "In each row also the views in so many parts of the range.", _number(MAX_PARTS)
    ),
}


def _order(name: str) -> Any:
    return parameter(
        "order",
        "Most views first; or the largest rise first, over whole hours that can be compared; or "
        "by name. Ties are in the order of names.",
        _words("views", "change", name, default="views"),
    )


def _format(default: Format) -> Any:
    return parameter(
        "format",
        f"What the answer is written in; {default.value} where neither this nor Accept says. In "
        "csv a text that a spreadsheet would compute has a single quote in front.",
        _words(*(one.value for one in Format)),
    )


_PERIOD = f"The range is {DEFAULT_PERIOD.value} where none is given."
_SUMMARIES = {
    "views": "Views in a range, bucket by bucket.",
    "pages": "Pages by their views.",
    "sites": "Sites by their views.",
    "sources": "Sources by the views they brought.",
    "movers": "Pages that gained or lost most against the range before.",
    "hours-of-week": "Views by weekday and hour of day.",
    "bounds": "How much there is, and since when.",
}
_VARY = {"Vary": {"schema": {"type": "string", "const": "accept"}}}
NO_STORE = {"Cache-Control": {"schema": {"type": "string", "const": "no-store"}}}
_HEADERS = (
    COMPLETENESS
    | _VARY
    | {
        "Cache-Control": {"schema": {"type": "string", "const": "no-cache"}},
        "ETag": {
            "description": (
                "For If-None-Match. It changes with the question, the hours it is of, the rows and "
                "the moment up to which they are complete; left out where rows were folded while "
                "the answer was made."
            ),
            "schema": {"type": "string"},
            "example": '"7b0e4c6c1f2f3f8f5d0d8a11"',
        },
    }
)
_IF_NONE_MATCH = {
    "name": "If-None-Match",
    "in": "header",
    "description": "ETags of answers that are held: where one is still the answer it is 304.",
    "schema": {"type": "string"},
}
_NEXT = {
    "Link": {
        "description": 'Where there is more: the query that goes on, as rel="next".',
        "schema": {"type": "string"},
    }
}
_TZ = "tz is no time zone: send a name of the IANA database, such as Europe/Berlin"
_MANY = f"unit=hour makes more than {MAX_BUCKETS:,} buckets: send unit=day, which fits"
_AWAY = "the database cannot be reached; ask again later"
REFUSALS = {
    "400": problem_response(
        "A parameter is not valid: every fault is told.",
        document(INVALID, _TZ, [Problem("tz", _TZ)], method="GET"),
    ),
    "503": problem_response(
        "The database cannot be reached.", document(UNAVAILABLE, _AWAY, method="GET")
    ),
    "504": NOT_FOLDED,
}
_TOO_MANY = {
    "422": problem_response(
        "The range has too many buckets.",
        document(TOO_MANY_BUCKETS, _MANY, [Problem("unit", _MANY)], method="GET"),
    )
}


def _parameters(name: str, names: Sequence[str], default: Format) -> list[Any]:
    order = _order({"sites": "site", "sources": "source"}.get(name, "page"))
    known = {**PARAMETERS, "order": order, "format": _format(default), **WAITING}
    return [known[each] for each in (*names, "format", *WAITING)]


def _content(schema: Any, example: Any, table: str) -> dict[str, Any]:
    text = {"type": "string"}
    return {
        "application/json": {"schema": schema, "example": example},
        "text/csv": {"schema": text, "example": table},
        "application/x-ndjson": {"schema": text},
    }


def _path(name: str, names: Sequence[str]) -> dict[str, Any]:
    schema, example, table = ANSWERS[name]
    headers = _HEADERS | (_NEXT if "cursor" in names else {})
    return {
        "get": {
            "operationId": "stats" + name.title().replace("-", ""),
            "summary": _SUMMARIES[name],
            "description": (
                "`question` says how it was understood; `notes` are sentences that whoever reads "
                "the numbers should know. Every view that was confirmed before `complete_until` is "
                f"in it. {_PERIOD if 'period' in names else ''}"
            ).strip(),
            "parameters": [*_parameters(name, names, Format.JSON), _IF_NONE_MATCH],
            "responses": {
                "200": {
                    "description": "The answer.",
                    "headers": headers,
                    "content": _content(schema, example, table),
                },
                "304": {
                    "description": "What is held is still the answer.",
                    "headers": {name: one for name, one in headers.items() if name != "Link"},
                },
                **REFUSALS,
                **(_TOO_MANY if name == "views" else {}),
            },
        }
    }


_STATE = {
    "operationId": "statsState",
    "summary": "Whether the numbers can be trusted, also when they do not come.",
    "description": (
        "Answered within about a second, with 200, whatever the database does: `database` says "
        "whether it answers, and since when it does not. All else is of `known_at` then, lags are "
        "of the present. A partition that is not folded says its `reason`, a word; where it is "
        "`stopped` it does not go on before somebody has done something. `dead_letters`, "
        "`refused`, `stands_still` and the `reason` of `database` are for operators: left out for "
        "a key without the right admin."
    ),
    "parameters": [],
    "responses": {
        "200": json_response("What is known.", STATE_SCHEMA, STATE_EXAMPLE)
        | {
            "headers": {name: one | {"required": False} for name, one in COMPLETENESS.items()}
            | NO_STORE
        },
        "400": REFUSALS["400"],
    },
}
_OPERATIONS = {
    "operationId": "statsOperations",
    "summary": "How the service is run, for whoever runs it: read only.",
    "description": (
        "Partitions with their owners and what waits in the log, generations, what is being built, "
        "retention, jobs. Answered with 200 within a few seconds, whatever the database and the "
        "log do: `database` and `log` say whether they answer. Small tables are read, and the ends "
        "of the log at most every 5 seconds: a page may ask every other second."
    ),
    "parameters": [],
    "responses": {
        "200": json_response("What is known.", OPERATIONS_SCHEMA, OPERATIONS_EXAMPLE)
        | {"headers": NO_STORE},
        "400": REFUSALS["400"],
    },
}
_ROWS, _ROWS_EXAMPLE, _ROWS_TABLE = ANSWERS["export"]
_PATHS: Paths = {
    **{f"/stats/{one.name}": _path(one.name, one.names) for one in ENDPOINTS},
    "/stats/state": {"get": _STATE},
    "/export/hourly": {
        "get": {
            "operationId": "exportHourly",
            "summary": "All rows of a selection, by page and hour, as long as it takes.",
            "description": (
                "All of the past where no range is given. The CSV is what `footfall import "
                "--format counts` reads, without a difference: it undoes the quote before "
                "formulas by the first line, and rows of more views than a line may have are "
                f"several. Its columns are {', '.join(HOURLY)}. An answer that ends without its "
                "last chunk is not whole."
            ),
            "parameters": _parameters("export", NAMES, Format.CSV),
            "responses": {
                "200": {
                    "description": "The rows.",
                    "headers": COMPLETENESS | _VARY | NO_STORE,
                    "content": _content(_ROWS, _ROWS_EXAMPLE, _ROWS_TABLE),
                },
                **REFUSALS,
            },
        }
    },
}
PATHS: Paths = {
    **locked(_PATHS, Right.READ),
    **locked({"/stats/operations": {"get": _OPERATIONS}}, Right.ADMIN),
}
