"""What is answered in the application's place."""

import json

import pytest

from domain.problems import INVALID, OVERLOADED
from web.server.refusals import refusal


def parts(found: bytes) -> tuple[list[bytes], bytes]:
    head, body = found.split(b"\r\n\r\n")
    return head.split(b"\r\n"), body


@pytest.mark.parametrize(
    ("method", "told"), [("POST", True), ("", True), ("GET", False), ("DELETE", False)]
)
def test_only_what_may_have_been_to_append_hears_of_the_outcome(method: str, told: bool) -> None:
    lines, body = parts(refusal(INVALID, "no", method))
    assert ("outcome" in json.loads(body)) is told
    assert b"content-length: %d" % len(body) in lines


def test_what_was_asked_with_head_has_no_body_but_its_length() -> None:
    lines, body = parts(refusal(INVALID, "no", "HEAD"))
    of_get, its_body = parts(refusal(INVALID, "no", "GET"))
    assert (lines, body) == (of_get, b"")
    assert its_body


def test_what_may_come_again_hears_when() -> None:
    lines, _ = parts(refusal(OVERLOADED, "no", "POST", [(b"date", b"now")]))
    assert lines[0] == b"HTTP/1.1 503 Service Unavailable"
    assert {b"date: now", b"connection: close", b"retry-after: 1"} <= set(lines)
    assert not any(b"retry" in line for line in parts(refusal(INVALID, "no", "POST"))[0])
