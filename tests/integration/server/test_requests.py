"""What is no request, too much of one, or an odd one: raw bytes, each answered once."""

import asyncio

import pytest

from tests.integration.server.doors import (
    Door,
    chunked,
    get,
    post,
    serving,
    statuses,
    until,
)


def of_length(*lengths: bytes) -> bytes:
    head = get(
        "/echo", method="POST", headers=b"".join(b"Content-Length: %s\r\n" % n for n in lengths)
    )
    return head + b"{}"


CHUNKED = b"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n"
# What may be read in two ways, by a front in one and here in the other (RFC 9112, 11.2).
BAD = {
    "garbage": b"x\r\n",
    "tls": b"\x16\x03\x01\x02\x00\x01\x00",
    "bare line feeds": b"GET /health HTTP/1.1\nHost: a\n\n",
    "a bare line feed": get("/health", b"A: b\nC: d\r\n"),
    "a bare carriage return": get("/health", b"A: b\rC: d\r\n"),
    "a nul": get("/health", b"A: b\0c\r\n"),
    "a nul in the target": get("/hea\0lth"),
    "http 0.9": b"GET /health\r\n",
    "http 0.9 with an end": b"GET /health\r\n\r\n",
    "http 2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "another version": b"GET /health HTTP/2.0\r\nHost: a\r\n\r\n",
    "two blanks": b"GET  /health HTTP/1.1\r\nHost: a\r\n\r\n",
    "a method in small letters": get("/health", method="get"),
    "a method that is none": get("/health", method="FOO"),
    "a fragment": get("/health#a"),
    "no path": get("health"),
    "an authority": get("a.test:80"),
    "a length of many digits": post(b"", b"Content-Length: " + b"0" * 5_000 + b"1\r\n"),
    "a signed length": of_length(b"+2"),
    "an empty length": of_length(b""),
    "two lengths": of_length(b"2", b"3"),
    "a length twice": of_length(b"2", b"2"),
    "a list of lengths": of_length(b"2, 2"),
    "length and chunks": post(headers=b"Transfer-Encoding: chunked\r\n"),
    "chunks and length": chunked(headers=b"Content-Length: 2\r\n"),
    "another coding": chunked(headers=b"Transfer-Encoding: gzip\r\n"),
    "chunks of chunks": chunked(headers=b"Transfer-Encoding: chunked\r\n"),
    "a coding that is none": chunked().replace(b"chunked", b"xchunked"),
    "a coding with a blank": chunked().replace(b"Encoding:", b"Encoding :"),
    "a coding that is folded": chunked().replace(b" chunked", b"\r\n chunked"),
    "chunks of http 1.0": chunked().replace(b"HTTP/1.1", b"HTTP/1.0"),
    "an endless chunk": CHUNKED + b"\r\n" + b"f" * 20 + b"\r\n",
    "a chunk of no size": CHUNKED + b"\r\nzz\r\n",
    "a chunk of another size": CHUNKED + b"\r\n1\r\nabc\r\n0\r\n\r\n",
    "chunks with line feeds": CHUNKED + b"\r\n1\na\n0\n\n",
    "a line feed in an extension": CHUNKED + b"\r\n1;a\nb\r\na\r\n0\r\n\r\n",
    "a length behind chunks": CHUNKED + b"\r\n0\r\nContent-Length: 2\r\n\r\n",
    "a folded header": get("/health", b"A: b\r\n c\r\n"),
    "a header with a blank": get("/health", b"A b: c\r\n"),
    "a header without a name": get("/health", b": b\r\n"),
    "no host": b"GET /health HTTP/1.1\r\n\r\n",
    "no host but in the target": b"GET http://localhost/health HTTP/1.1\r\n\r\n",
    "no host but a body": b"POST /echo HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}",
    "two hosts": get("/health", b"Host: a\r\n"),
    "a host twice": get("/health", b"HOST: localhost\r\n"),
    "two hosts and one in the target": get("http://localhost/health", b"Host: a\r\n"),
    "two hosts of http 1.0": get("/health", b"Host: a\r\n").replace(b"HTTP/1.1", b"HTTP/1.0"),
}


def cut_or_not(data: bytes, cut: bool) -> list[bytes]:
    return [bytes([byte]) for byte in data] if cut else [data]


@pytest.mark.parametrize("cut", [False, True], ids=["at once", "in pieces"])
async def test_what_is_no_request_is_answered_once_and_closed(door: Door, cut: bool) -> None:
    talks = (door.talk(*cut_or_not(data, cut), post()) for data in BAD.values())
    answered = dict(zip(BAD, await asyncio.gather(*talks), strict=True))
    assert {name: statuses(found) for name, found in answered.items()} == {n: [400] for n in BAD}
    for name, found in answered.items():
        assert b"content-type: application/problem+json" in found, name
        assert b"connection: close" in found, name
        # Who cannot have meant to append has nothing to hear of it.
        other = BAD[name].startswith((b"GET ", b"PRI ", b"FOO "))
        assert (b'"outcome":"none"' in found) is not other, name
    assert not door.bodies


async def test_a_refused_head_has_no_body(door: Door) -> None:
    for data in (
        get("/health", b"A b: c\r\n", "HEAD"),
        get("/health", b"A: " + b"a" * 40_000 + b"\r\n", "HEAD"),
        get("/health", b"A: b\n", "HEAD"),
        get("/health", b"Transfer-Encoding: chunked\r\n", "HEAD") + b"x",
    ):
        answered = await door.talk(data)
        assert len(statuses(answered)) == 1
        assert answered.endswith(b"\r\n\r\n")


GOOD = {
    "a chunk with an extension": (CHUNKED + b'\r\n1;a="b c"\r\nx\r\n0\r\n\r\n', [200]),
    "headers behind chunks": (CHUNKED + b"\r\n1\r\nx\r\n0\r\nUpgrade: h2c\r\n\r\n", [200]),
    "empty lines before": (b"\r\n\r\n" + post(b"x"), [200]),
    "a request in the body": (post(get("/no")), [200]),
    "a body of a GET": (get("/no", b"Content-Length: 5\r\n") + b"GET /", [404]),
    "a host in the target": (get("http://127.0.0.1/health"), [200]),
    "all of the server": (get("*", method="OPTIONS"), [404]),
    "another method": (get("/echo", method="M-SEARCH"), [405]),
    "two paths": (get("//health"), [404]),
    "continue": (post(b"x", b"Expect: 100-continue\r\n"), [100, 200]),
    "a host that is empty": (b"GET /health HTTP/1.1\r\nHost:\r\n\r\n", [200]),
    "a coding with blanks around": (chunked().replace(b" chunked", b"  Chunked  "), [200]),
    "continue to nowhere": (get("/no", b"Expect: 100-continue\r\n", "POST"), [404]),
    "another expectation": (post(b"x", b"Expect: something\r\n"), [200]),
}


@pytest.mark.parametrize("cut", [False, True], ids=["at once", "in pieces"])
async def test_what_is_odd_and_right_has_one_answer(door: Door, cut: bool) -> None:
    last = get("/health", b"Connection: close\r\n")
    talks = (door.talk(*cut_or_not(data, cut), last) for data, _ in GOOD.values())
    answered = dict(zip(GOOD, map(statuses, await asyncio.gather(*talks)), strict=True))
    assert answered == {name: [*found, 200] for name, (_, found) in GOOD.items()}


async def test_an_old_client_is_not_told_to_continue(door: Door) -> None:
    old = post(headers=b"Expect: 100-continue\r\n").replace(b"HTTP/1.1", b"HTTP/1.0")
    assert statuses(await door.talk(old)) == [200]


async def test_an_old_client_need_not_name_a_host(door: Door) -> None:
    answered = await door.talk(b"GET /health HTTP/1.0\r\n\r\n")
    assert statuses(answered) == [200]


async def test_a_refused_host_says_what_to_send(door: Door) -> None:
    for data in (b"GET /health HTTP/1.1\r\n\r\n", get("/health", b"Host: a\r\n")):
        assert b"the header Host is not there once" in await door.talk(data)


async def test_the_host_in_a_target_goes_before_the_header() -> None:
    async with serving(allowed_hosts=("right.test",)) as door:
        for host, status in (("right.test", 200), ("wrong.test", 421)):
            data = get(f"http://{host}/health", b"Connection: close\r\n")
            assert statuses(await door.talk(data)) == [status]


async def test_line_ends_in_a_chunk_are_read_as_fast_as_anything(door: Door) -> None:
    body = b"\r\n" * 450_000
    async with asyncio.timeout(2):
        client = await door.connect()
        await client.send(chunked(body))
        assert statuses(await client.answers(1)) == [200]
    assert door.bodies == [body]


async def test_a_body_of_tiny_chunks_is_a_body(door: Door) -> None:
    body = bytes(range(256)) * 400
    tiny = b"".join(b"1\r\n%c\r\n" % byte for byte in body)
    answered = await door.talk(CHUNKED + b"Connection: close\r\n\r\n" + tiny + b"0\r\n\r\n")
    assert statuses(answered) == [200]
    assert door.bodies == [body]


async def test_what_is_no_request_does_not_touch_the_one_before(door: Door) -> None:
    door.released.clear()
    client = await door.connect()
    await client.send(post() + b"x\r\n\r\n")
    await until(lambda: door.bodies, "the first request")
    door.released.set()
    assert statuses(await client.rest()) == [200, 400]


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (get("/health", b"A: " + b"a" * 40_000 + b"\r\n"), 431),
        (get("/health", b"A: b\r\n" * 10_000), 431),
        (b"CONNECT a.test:443 HTTP/1.1\r\nHost: a\r\n\r\n", 405),
    ],
)
async def test_what_is_too_much_has_a_status_of_its_own(
    door: Door, data: bytes, status: int
) -> None:
    assert statuses(await door.talk(data)) == [status]


@pytest.mark.parametrize("around", [b"1;" + b"a" * 200_000, b"0\r\n" + b"a: b\r\n" * 40_000])
async def test_what_stands_around_chunks_is_bounded(door: Door, around: bytes) -> None:
    head = b"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    answered = await door.talk(head + around)
    assert answered == b"reset" or statuses(answered) == [400]
    assert not any(door.bodies)


async def test_raw_bytes_in_a_query_reach_the_application(door: Door) -> None:
    data = "GET /health?a=café HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode()
    assert statuses(await door.talk(data)) == [200]


async def test_a_client_that_half_closes_gets_every_answer(door: Door) -> None:
    assert statuses(await door.talk(post() * 3, end=True)) == [200, 200, 200]
    assert statuses(await door.talk(post() + post()[:-5], end=True)) == [200]
