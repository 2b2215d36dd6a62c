"""GET /stats/... and their query strings."""

from tests.fuzz.grammar import made, raw, stats_query
from tests.fuzz.service import FOUND, INVALID, service

SEEDS = [
    raw(b"site=example.com&period=30d&tz=Europe/Berlin&compare=previous"),
    raw(b"page=a%20b&from=2025-07-16&to=2025-07-17T12:00:00%2B02:00&unit=week"),
    raw(b"prefix=caf\xc3\xa9&period=all&unit=month&tz=Asia/Kathmandu&compare=year"),
    raw(
        b"order=change&search=x&limit=3&trend=24&cursor=lQIHrWV4YW1wbGUuY29tL2HOAAdtxMQIP2bdGUdo3mc"
    ),
    raw(b"site=example.com&source=&period=30d&compare=previous"),
    raw(b"from=0001-01-01T00:00:00Z&to=9999-12-31T23:59:59Z&unit=month"),
]
_TOO_MANY = 422
_PATHS = ("views", "pages", "sites", "sources", "movers", "hours-of-week", "bounds")


def one(data: bytes) -> None:
    """Parts that add up, or a refusal that says where."""
    path = _PATHS[len(data) % len(_PATHS)]
    found = service().ask("GET", f"/stats/{path}", query=made(data, stats_query))
    if found.status == FOUND:
        assert found.content["total"] == 0
        return
    assert found.status in (INVALID, _TOO_MANY), found
    assert 1 <= len(found.content["errors"]) <= 100
    assert "outcome" not in found.content
