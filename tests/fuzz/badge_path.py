"""GET /badge/ and whatever stands behind it."""

from xml.etree import ElementTree

from tests.fuzz.grammar import made, query, raw
from tests.fuzz.service import FOUND, INVALID, service

NOT_FOUND = 404
SEEDS = [
    raw(b"a/x.svg?label=views"),
    raw(b"a/%C3%A9.json?period=30d&label="),
    raw(b"a/.svg?label=%3Cscript%3E%26%22"),
    raw(b"b//%2F..%2f%00.json"),
]


def one(data: bytes) -> None:
    """A picture that is XML, a number, or a refusal."""
    page, _, asked = made(data, query).partition(b"?")
    # No server passes on bytes that are no ASCII, or what would end the path.
    path = page.decode("ascii", errors="ignore").replace("#", "")
    found = service().ask("GET", f"/badge/{path}", query=asked)
    assert found.status in (FOUND, INVALID, NOT_FOUND), found
    if found.status == FOUND and isinstance(found.content, bytes):
        names = {
            each.tag.rpartition("}")[2] for each in ElementTree.fromstring(found.content).iter()
        }
        assert names <= {"svg", "title", "rect", "path", "g", "text"}
    elif found.status == FOUND:
        assert found.content["views"] >= 0
