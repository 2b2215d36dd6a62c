"""The beginning of a request before the parser sees it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from web.server.heads import (
    host_of,
    is_beginning,
    line_of,
    method_of,
    percent_encoded,
    without_upgrade,
)

HEAD = b"POST /page-views/single HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n"


@pytest.mark.parametrize(
    "asked",
    [
        b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n",
        b"connection: keep-alive, upgrade\r\nupgrade: websocket\r\n",
        b"CONNECTION: UPGRADE\r\nUPGRADE : foo/2\r\nUpgrade: bar\r\n",
        b"Upgrade:\r\nConnection: upgrade\r\n",
    ],
)
def test_no_header_asks_for_another_protocol_any_more(asked: bytes) -> None:
    head = HEAD.replace(b"Host: a\r\n", b"Host: a\r\n" + asked)
    left = without_upgrade(head)
    assert b"\r\nupgrade" not in left.lower()
    assert b"http2-settings:" not in left.lower()
    assert left.startswith(HEAD[: HEAD.index(b"Content")])
    assert left.endswith(b"Content-Length: 2\r\n\r\n")


def test_a_head_without_one_is_left_as_it_is() -> None:
    other = HEAD.replace(b"Host: a", b"Host: upgrade.test\r\nUpgrade-Insecure-Requests: 1")
    assert without_upgrade(other) == other
    assert without_upgrade(HEAD) is HEAD


def test_raw_bytes_of_the_target_are_encoded_and_those_of_headers_are_not() -> None:
    head = "GET /report?page=café HTTP/1.1\r\nX: é\r\n\r\n".encode()
    assert percent_encoded(head) == (
        b"GET /report?page=caf%C3%A9 HTTP/1.1\r\nX: " + "é".encode() + b"\r\n\r\n"
    )


@given(st.integers(0, len(HEAD) - 4))
def test_every_part_of_a_head_is_a_beginning(size: int) -> None:
    assert size == 0 or is_beginning(HEAD[:size])


@pytest.mark.parametrize(
    "data",
    [
        b"x",
        b"x\r\n",
        b"\x16\x03\x01",
        b"GET /\n",
        b"GET /\r\n",
        b"GET / HTTP/2.0\r\n",
        b"GET / HTTP/1.1\r\nHost: a\n",
        b"GET  / HTTP/1.1\r\n",
        b"G" * 40,
    ],
)
def test_what_can_be_none_is_told_at_once(data: bytes) -> None:
    assert not is_beginning(data)


@pytest.mark.parametrize(
    "line",
    [
        b"GET /",
        b"GET / HTTP/0.9",
        b"GET / HTTP/2.0",
        b"GET / HTTP/1.1 ",
        b"GET  / HTTP/1.1",
        b"GET / a HTTP/1.1",
        b"GET\t/ HTTP/1.1",
        b"GET / http/1.1",
    ],
)
def test_what_is_refused_in_part_is_refused_as_a_whole(line: bytes) -> None:
    assert not is_beginning(line + b"\r\n")
    assert not line_of(line + b"\r\nHost: a\r\n\r\n")


def test_a_request_line_is_one() -> None:
    assert line_of(HEAD) == b"POST /page-views/single HTTP/1.1"
    assert line_of("GET /é HTTP/1.0\r\n\r\n".encode()) == "GET /é HTTP/1.0".encode()


@pytest.mark.parametrize(
    ("target", "host"),
    [
        (b"/a://b", None),
        (b"*", None),
        (b"a:80", None),
        (b"http://a.test/b", b"a.test"),
        (b"HTTPS://a.test:8?b", b"a.test:8"),
        (b"http://u:p@a/", b"u:p@a"),
        (b"http:///b", b""),
    ],
)
def test_the_host_that_a_target_names(target: bytes, host: bytes | None) -> None:
    assert host_of(target) == host


def test_the_method_is_what_comes_before_a_blank() -> None:
    assert method_of(b"HEAD / HT") == "HEAD"
    assert [method_of(part) for part in (b"", b"HEAD", b"x y", b"\x16\x03 ")] == [""] * 4
