"""Answers in the application's place have a name and are told, as all others are."""

import re

from tests.integration.server.doors import SHORT, get, serving
from web.server.crowd import Crowd

SLOW = b"POST /echo HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: mine\r\nContent-Length: 9\r\n\r\n{"


def name_in(answer: bytes) -> bytes:
    found = re.findall(rb"\r\nx-request-id: (\S+)\r\n", answer)
    assert len(found) == 1, answer
    name: bytes = found[0]
    return name


async def test_a_request_that_no_application_saw_has_a_name_and_is_told() -> None:
    told: list[tuple[str, int, bytes]] = []
    async with serving(crowd=Crowd(SHORT, lambda *each: told.append(each))) as door:
        no_http = await door.talk(b"hello\r\n\r\n")
        large = await door.talk(get("/health", b"x: " + b"y" * 40_000 + b"\r\n"))
        slow = await door.talk(SLOW)
    assert told == [
        ("", 400, name_in(no_http)),
        ("GET", 431, name_in(large)),
        ("POST", 408, b"mine"),
    ]
    assert name_in(slow) == b"mine"
    assert name_in(no_http) != name_in(large)
