"""GET /report and its query string."""

from tests.fuzz.grammar import made, query, raw
from tests.fuzz.service import FOUND, INVALID, service

SEEDS = [
    raw(b"page=example.com/page&now=2025-07-16T12:00:00Z&order=desc&take=3"),
    raw(b"page=a%20b&now=2025-07-16T12:00:00%2B02:00"),
    raw(b"page=a&now=2025-07-16+12:00:00+02:00"),
    raw(b"page=caf\xc3\xa9"),
]


def one(data: bytes) -> None:
    """A report of at most 24 hours, or a refusal that says where."""
    found = service().ask("GET", "/report", query=made(data, query))
    if found.status == FOUND:
        hours = [row["h"] for row in found.content["data"]]
        assert 1 <= len(hours) == len(set(hours)) <= 24
        assert all(row["v"] == 0 for row in found.content["data"])
        return
    assert found.status == INVALID, found
    assert found.content["errors"]
    assert "outcome" not in found.content
