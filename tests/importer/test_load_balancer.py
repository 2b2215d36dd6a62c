"""Lines of classic and application load balancers to views."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.formats.choice import Choice
from importer.formats.load_balancer import LoadBalancer, is_load_balancer_line
from importer.requests import Reading
from importer.views import Skip, View
from tests.importer.conftest import Service, run
from tests.importer.test_choice import found, stored

NOW = 1_752_660_000.0  # 2025-07-16T10:00:00Z
NINE = 486_849
CLASSIC = (
    b"2025-07-16T09:20:00.945958Z my-balancer 192.0.2.7:2817 10.0.0.1:80 0.000073 0.001048 0.000057"
    b' %s 200 0 29 "%s" "curl/7.38.0" - -'
)
APPLICATION = (
    b"%s 2025-07-16T09:20:00.945958Z app/my-balancer/50dc6c495c0c9188 192.0.2.7:2817 10.0.0.1:80"
    b' 0.000 0.001 0.000 %s 200 34 366 "%s" "curl/7.46.0" - - arn:aws:x "Root=1-58" "h.example" "-"'
    b' 0 2025-07-16T09:19:59.364000Z "forward" "-" "-" "10.0.0.1:80" "200" "-" "-"'
)
ROOT = b"GET http://shop.example.org:80/ HTTP/1.1"


def one(line: bytes, reading: Reading | None = None) -> View | Skip:
    return LoadBalancer(lambda: NOW, reading or Reading()).parse(line)


@pytest.mark.parametrize(
    ("request_text", "status", "result"),
    [
        (ROOT, b"200", View("shop.example.org/", NINE)),
        (
            b"GET https://Shop.example.org:443/a?b=c HTTP/2.0",
            b"304",
            View("shop.example.org/a", NINE),
        ),
        (b"GET http://shop.example.org:8080/a HTTP/1.1", b"200", View("shop.example.org/a", NINE)),
        (b"GET http://shop.example.org HTTP/1.1", b"200", View("shop.example.org/", NINE)),
        (b"GET http://192.0.2.9:80/a - ", b"200", View("192.0.2.9/a", NINE)),
        (b"GET http://[2001:db8::1]:80/a HTTP/1.1", b"200", View("[2001:db8::1]/a", NINE)),
        (b"GET http://h.org:80/a b HTTP/1.1", b"200", View("h.org/a b", NINE)),
        (b'GET http://h.org:80/say"hi" x HTTP/1.1', b"200", View('h.org/say"hi" x', NINE)),
        (b"GET http://a_b@c:80/a HTTP/1.1", b"200", View("/a", NINE)),
        (b"GET http://h.org:80/a HTTP/1.1", b"460", Skip.OTHER_STATUS),
        (b"GET http://h.org:80/a HTTP/1.1", b"-", Skip.OTHER_STATUS),
        (b"GET http://h.org:80/a HTTP/1.1", b"250", Skip.NO_STATUS),
        (b"POST http://h.org:80/a HTTP/1.1", b"200", Skip.NOT_GET),
        (b"- - - ", b"-", Skip.MALFORMED_REQUEST),
        (b"- http://h.org:80- -", b"400", Skip.MALFORMED_REQUEST),
        (b"GARBAGE", b"400", Skip.MALFORMED_REQUEST),
    ],
)
def test_requests_of_both_kinds(request_text: bytes, status: bytes, result: View | Skip) -> None:
    assert one(CLASSIC % (status, request_text)) == result
    assert one(APPLICATION % (b"http", status, request_text)) == result


@pytest.mark.parametrize("kind", [b"http", b"https", b"h2", b"ws", b"wss", b"grpc", b"grpcs"])
def test_the_types_of_an_application_load_balancer(kind: bytes) -> None:
    assert one(APPLICATION % (kind, b"200", ROOT)) == View("shop.example.org/", NINE)


def test_another_type_is_another_log() -> None:
    assert one(APPLICATION % (b"tls", b"200", ROOT)) is Skip.MALFORMED_LINE


@pytest.mark.parametrize(
    "line",
    [
        CLASSIC.replace(b"0.000073 0.001048 0.000057", b"-1 -1 -1").replace(b"10.0.0.1:80", b"-"),
        CLASSIC.replace(b"192.0.2.7:2817", b"[2001:db8::7]:2817"),
        CLASSIC.replace(b"945958Z", b"945Z"),
        CLASSIC.replace(b"%s 200 0 29", b"%s - 0 29"),
        CLASSIC.partition(b' "curl')[0],
        CLASSIC[:-18],
        CLASSIC + b"\r",
    ],
)
def test_what_is_not_used_may_be_anything(line: bytes) -> None:
    assert one(line % (b"200", ROOT)) == View("shop.example.org/", NINE)


def test_an_application_load_balancer_has_escapes_and_a_classic_one_has_none() -> None:
    text = b"GET http://h.org:80/caf\\xc3\\xa9 HTTP/1.1"
    assert one(APPLICATION % (b"h2", b"200", text)) == View("h.org/café", NINE)
    assert one(CLASSIC % (b"200", text)) == View("h.org/caf\\xc3\\xa9", NINE)


def test_options_are_honoured() -> None:
    line = CLASSIC % (b"200", b"GET http://shop.example.org:80/a?b HTTP/1.1")
    assert one(line, Reading("h.org", query="keep")) == View("h.org/a?b", NINE)
    assert one(CLASSIC % (b"206", ROOT), Reading(pages_only=True)) is Skip.PART


@pytest.mark.parametrize(
    ("line", "result"),
    [
        (b"", Skip.EMPTY),
        (b"  \r", Skip.EMPTY),
        ((CLASSIC % (b"200", ROOT)).partition(b" HTTP")[0], Skip.MALFORMED_LINE),
        (CLASSIC.replace(b"0.000057 ", b"") % (b"200", ROOT), Skip.MALFORMED_LINE),
        (CLASSIC.replace(b"-16T", b"-32T") % (b"200", ROOT), Skip.MALFORMED_LINE),
        (CLASSIC[:80] + b"x" * 70_000, Skip.LONG_LINE),
    ],
)
def test_what_is_no_line_of_such_a_log(line: bytes, result: Skip) -> None:
    assert one(line) is result


@pytest.mark.parametrize("line", [CLASSIC, APPLICATION.replace(b"%s", b"https", 1)])
def test_auto_finds_them(service: Service, tmp_path: Path, line: bytes) -> None:
    requests = [b"GET http://h.org:80/%d HTTP/1.1" % i for i in range(120)]
    path = stored(tmp_path, b"# x\n" + b"".join(line % (b"200", r) + b"\n" for r in requests))
    result = run(path, "--to", service.url, "--json")
    assert found(result)["formats"] == {str(path): "elb"}
    assert found(result)["counted"] == 120


def test_lines_without_a_request_tell_the_format() -> None:
    choice = Choice("auto", lambda: NOW, Reading())
    list(choice.parse(CLASSIC % (b"-", b"- - - ")))
    assert [one[1] for one in choice.rest()] == [Skip.MALFORMED_REQUEST]
    assert choice.name == "elb"


@given(st.binary(), st.binary(), st.binary(max_size=5))
def test_no_bytes_crash_the_parser(anything: bytes, request_text: bytes, status: bytes) -> None:
    for line in (
        anything,
        CLASSIC % (b"200", request_text),
        APPLICATION % (b"h2", status, request_text),
        CLASSIC % (b"200", b"GET http://h.org/" + request_text + b" HTTP/1.1"),
    ):
        seen = one(line, Reading("h.org", pages_only=True))
        is_load_balancer_line(line)
        if isinstance(seen, View):
            assert seen.page.encode()


@pytest.mark.parametrize("piece", [b'"', b" ", b' HTTP/1.1"', b"- ", b" - ", b"0.1 ", b"a "])
def test_long_lines_of_one_thing_take_no_time(piece: bytes) -> None:
    many = piece * (60_000 // len(piece))
    for line in (many, CLASSIC % (b"200", many), CLASSIC[:28] + many):
        one(line)
