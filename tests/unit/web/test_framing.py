import pytest

from web.server.framing import TO_ITS_END, Unframed, body_length

HOST = (b"host", b"a.test")
CHUNKED = (b"transfer-encoding", b"chunked")


def length(value: bytes) -> tuple[bytes, bytes]:
    return b"content-length", value


@pytest.mark.parametrize(
    ("value", "expected"),
    [(b"0", 0), (b"0010", 10), (b"9" * 18, 10**18 - 1), (b"\t7 ", 7), (b"0" * 17 + b"1", 1)],
)
def test_lengths(value: bytes, expected: int) -> None:
    assert body_length([HOST, length(value)], "1.1") == expected


def test_nothing_said_is_no_body() -> None:
    assert body_length([(b"accept", b"*/*"), HOST], "1.1") == 0


@pytest.mark.parametrize("value", [b"chunked", b"Chunked", b" chunked\t"])
def test_chunks_end_where_they_say(value: bytes) -> None:
    assert body_length([HOST, (b"transfer-encoding", value)], "1.1") == TO_ITS_END


@pytest.mark.parametrize(
    "value",
    [b"", b"+1", b"-1", b"1 1", b"1_0", b"0" * 19, b"0" * 5_000 + b"1", b"1,1", "١".encode()],
)
def test_what_is_no_length_never_becomes_a_number(value: bytes) -> None:
    with pytest.raises(Unframed, match="Content-Length"):
        body_length([HOST, length(value)], "1.1")


@pytest.mark.parametrize(
    "said",
    [
        [length(b"2"), length(b"3")],
        [length(b"2"), length(b"2")],
        [length(b"0"), length(b"0")],
        [length(b"0"), CHUNKED],
        [CHUNKED, length(b"0")],
        [CHUNKED, length(b"2")],
        [CHUNKED, CHUNKED],
        [(b"transfer-encoding", b"gzip, chunked")],
        [(b"transfer-encoding", b"")],
        [(b"transfer-encoding", b"xchunked")],
    ],
)
def test_an_end_that_is_said_in_two_ways_is_none(said: list[tuple[bytes, bytes]]) -> None:
    with pytest.raises(Unframed):
        body_length([HOST, *said], "1.1")


def test_http_1_0_knows_no_chunks() -> None:
    with pytest.raises(Unframed):
        body_length([HOST, CHUNKED], "1.0")


@pytest.mark.parametrize(
    ("hosts", "versions"), [(0, ["1.0"]), (1, ["1.0", "1.1"]), (2, []), (3, [])]
)
def test_a_host_is_there_once(hosts: int, versions: list[str]) -> None:
    for version in ("1.0", "1.1"):
        if version in versions:
            assert body_length([HOST] * hosts, version) == 0
        else:
            with pytest.raises(Unframed, match="Host"):
                body_length([HOST] * hosts, version)
