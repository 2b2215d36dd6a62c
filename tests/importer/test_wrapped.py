"""Lines in what Docker and Kubernetes write around them."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.formats.wrapped import Wrapped
from importer.views import MAX_LINE_BYTES

PIECE = 16_384


def docker(text: str, stream: str = "stdout") -> bytes:
    """As its json-file driver writes it."""
    line = {"log": text, "stream": stream, "time": "2025-07-16T10:00:00.123456789Z"}
    return json.dumps(line, separators=(",", ":"), ensure_ascii=False).encode()


def kubernetes(line: bytes, tag: bytes = b"F", stream: bytes = b"stdout") -> bytes:
    """As CRI says."""
    return b"2025-07-16T10:00:00.123456789Z %s %s %s" % (stream, tag, line)


@pytest.mark.parametrize("line", [b"", b"one", b'{"a":"b\\"c"}', b'h - - [x] "GET /" 200 1 "\xff"'])
def test_one_line_each(line: bytes) -> None:
    wrapped = Wrapped()
    assert wrapped.line_in(kubernetes(line)) == line
    assert wrapped.line_in(kubernetes(line, stream=b"stderr")) == line
    text = line.decode("utf-8", "replace")
    assert wrapped.line_in(docker(text + "\n")) == text.encode()
    assert wrapped.line_in(docker(text + "\r\n")) == text.encode()


def test_members_may_stand_in_any_order_and_others_beside_them() -> None:
    line = b'{"stream": "stderr", "attrs": {"a": "b"}, "time": "x", "log": "one\\n"}'
    assert Wrapped().line_in(line) == b"one"


@pytest.mark.parametrize(
    "line",
    [
        b'{"log":"one\\n"}',
        b'{"log":{"a":1},"stream":"stdout"}',
        b'{"log":"one","stream":5}',
        b'{"log":"one","stream":"news"}',
        b'{"log":"stream":',
        b'{"a":"\\"log\\": \\"stream\\":"}',
        b"2025-07-16T10:00:00Z stdout G one",
        b"2025-07-16T10:00:00Z other F one",
        b"2025-07-16T",
        b"",
    ],
)
def test_what_is_not_wrapped_is_given_back(line: bytes) -> None:
    assert Wrapped().line_in(line) == line


def test_pieces_are_put_together_each_stream_for_itself() -> None:
    wrapped = Wrapped()
    assert wrapped.line_in(kubernetes(b"one ", b"P")) is None
    assert wrapped.line_in(kubernetes(b"two ", b"P", b"stderr")) is None
    assert wrapped.line_in(kubernetes(b"and ", b"P")) is None
    assert wrapped.line_in(kubernetes(b"three", b"F")) == b"one and three"
    assert wrapped.line_in(kubernetes(b"four", b"F", b"stderr")) == b"two four"
    assert wrapped.line_in(kubernetes(b"five", b"F")) == b"five"


def test_only_long_pieces_of_docker_go_on() -> None:
    text = "x" * (2 * PIECE) + "end\n"
    wrapped = Wrapped()
    *first, last = [docker(text[at : at + PIECE]) for at in range(0, len(text), PIECE)]
    assert [wrapped.line_in(piece) for piece in first] == [None, None]
    assert wrapped.line_in(last) == text.strip().encode()
    # Shippers write the member without its line feed.
    assert wrapped.line_in(docker("one")) == b"one"
    assert wrapped.line_in(docker("two")) == b"two"


def test_a_line_without_end_takes_bounded_memory() -> None:
    wrapped = Wrapped()
    for _ in range(20):
        assert wrapped.line_in(kubernetes(b"x" * 10_000, b"P")) is None
    found = wrapped.line_in(kubernetes(b"x"))
    assert found is not None
    assert len(found) == MAX_LINE_BYTES + 1


@given(st.lists(st.binary(max_size=40) | st.binary(max_size=40).map(kubernetes), max_size=5))
def test_no_bytes_raise(lines: list[bytes]) -> None:
    wrapped = Wrapped()
    for line in lines:
        wrapped.line_in(line)
