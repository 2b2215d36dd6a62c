"""POST /api/v2/query."""

import json
from typing import Any

from tests.fuzz.grammar import Choices, made, raw
from tests.fuzz.service import FOUND, INVALID, Found, service

PATH = "/api/v2/query"
SEEDS = [
    raw(b'{"site_id":"a","metrics":["pageviews"],"date_range":"7d"}'),
    raw(b'{"site_id":"a","metrics":["pageviews"],"date_range":"all","dimensions":["event:page"]}'),
    raw(
        b'{"site_id":"a","metrics":["pageviews"],"date_range":["2025-07-01","2025-07-31"],'
        b'"filters":[["or",[["matches","event:page",["^/x"]],["not",["is","event:page",["/"]]]]]]}'
    ),
    raw(b'{"site_id":"a","metrics":["pageviews"],"date_range":["2025-07-01T10:00:00Z","x"]}'),
    raw(b'{"site_id":"a","site_id":"b"}'),
    raw(b'{"site_id":"\\ud800","metrics":["pageviews"],"date_range":"7d"}'),
    raw(b"[" * 10_000),
]
_TOO_LARGE = 413

# fmt: off
_RANGES = (
    b'"7d"', b'"all"', b'"day"', b'"24h"', b'"6mo"', b'"999999d"', b'"year"',
    b'["2025-07-01","2025-07-31"]', b'["2025-07-16T10:00:00Z","2025-07-16T11:59:59Z"]',
    b'["0001-01-01","9999-12-31"]', b'"30m"',
    b'["9999-12-31T23:00:00-23:59","9999-12-31T23:59:59Z"]', b'"0d"', b"7", b"[]", b"null",
    b'[{},[]]',
)
_DIMENSIONS = (
    b'"event:page"', b'"time:day"', b'"time"', b'"time:hour"', b'"time:week"', b'"time:month"',
    b'"visit:source"', b'"event:goal"', b"7", b"[]", b'"x"',
)
_VALUES = (
    b'"/"', b'"/x"', b'"x"', b'"/X"', b'"Direct / None"', b'""', b'"(?i)x"', b'"("', b'".*"', b"7",
    b"[]", b'"(a|b)*c{2,9}"', b'"\\u0000"', b'"\\ud83d\\ude00"', b'"[^/]{999}{9}"', b'"%C3%A9"',
)
_OPERATORS = (
    b'"is"', b'"is_not"', b'"contains"', b'"contains_not"', b'"matches"', b'"matches_not"',
    b'"has_done"', b"7", b'"x"',
)
_OTHERS = (
    b'"include":{"total_rows":true}', b'"pagination":{"limit":2,"offset":1}',
    b'"order_by":[["pageviews","asc"]]', b'"order_by":[["event:page","desc"]]',
    b'"include":{"time_labels":true,"imports":false}',
    b'"pagination":{"offset":99999999999999999999}', b'"pagination":{"offset":100000}',
    b'"order_by":[]', b'"pagination":{"limit":1e9}', b'"x":1', b'"include":[]', b'"filters":{}',
)
# fmt: on


def question(choices: Choices) -> bytes:
    """A body: mostly one that is answered."""
    fields = [
        b'"site_id":' + choices.of((b'"a"', b'"b"', b'""', b"7", b'"a/b"')),
        b'"metrics":' + choices.of((b'["pageviews"]', b'["visitors"]', b"[]", b"{}")),
        b'"date_range":' + choices.of(_RANGES, 9),
    ]
    if choices.byte() % 2:
        fields.append(b'"dimensions":' + _listed(choices, _DIMENSIONS, 6))
    if choices.byte() % 2:
        fields.append(b'"filters":[' + b",".join(_filters(choices, 3)) + b"]")
    while choices.byte() % 4 > 2:
        fields.append(choices.of(_OTHERS, 6))
    return b"{" + b",".join(fields) + b"}"


def _listed(choices: Choices, options: tuple[bytes, ...], plain: int) -> bytes:
    found = [choices.of(options, plain)]
    while choices.byte() % 4 > 2:
        found.append(choices.of(options, plain))
    return b"[" + b",".join(found) + b"]"


def _filters(choices: Choices, depth: int) -> list[bytes]:
    found = [_filter(choices, depth)]
    while choices.byte() % 4 > 2:
        found.append(_filter(choices, depth))
    return found


def _filter(choices: Choices, depth: int) -> bytes:
    kind = choices.byte() % 6 if depth else 0
    if kind == 5:
        return b'["not",' + _filter(choices, depth - 1) + b"]"
    if kind == 4:
        joined = b",".join(_filters(choices, depth - 1))
        return b"[" + choices.of((b'"and"', b'"or"'), 2) + b",[" + joined + b"]]"
    dimension = choices.of((b'"event:page"', b'"visit:source"', b'"time"', b"7"))
    values = _listed(choices, _VALUES, 9)
    more = choices.of((b"", b',{"case_sensitive":false}', b",7"))
    return b"[" + choices.of(_OPERATORS, 6) + b"," + dimension + b"," + values + more + b"]"


def one(data: bytes) -> None:
    """Rows that add up to the answer without dimensions, or a refusal that says where."""
    body = made(data, question)
    found = service().ask("POST", PATH, body)
    if found.status != FOUND:
        _check_refusal(found)
        return
    asked: dict[str, Any] = json.loads(body)
    content = found.content
    assert content["query"]["filters"] == asked.get("filters", [])
    assert content["query"]["dimensions"] == asked.get("dimensions", [])
    views = [row["metrics"][0] for row in content["results"]]
    assert all(
        len(row["dimensions"]) == len(asked.get("dimensions", [])) for row in content["results"]
    )
    assert all(views) or "dimensions" not in asked or asked["dimensions"] == []
    if "visit:source" in asked.get("dimensions", []):
        # Not of all views it is known where they came from.
        return
    kept = {name: asked[name] for name in asked if name in ("site_id", "metrics", "filters")}
    whole = json.dumps({**kept, "date_range": asked["date_range"]}).encode()
    total = service().ask("POST", PATH, whole).content["results"][0]["metrics"][0]
    assert sum(views) == total or (sum(views) < total and "pagination" in asked)


def _check_refusal(found: Found) -> None:
    assert found.status in (INVALID, _TOO_LARGE), found
    (error,) = found.content["errors"]
    assert found.content["error"] == found.content["detail"] == error["detail"]
    assert len(error["pointer"]) + len(error["detail"]) < 1_000
