"""Lines of access logs to views, whatever the bytes."""

import unicodedata
from collections import Counter
from pathlib import Path
from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.access_log import AccessLog
from importer.reading import read_lines
from importer.requests import Reading
from importer.views import MAX_LINE_BYTES, Skip, View

DATA = Path(__file__).parents[1] / "data"
NOW = 1_752_660_000.0  # 2025-07-16T10:00:00Z
TEN = 486_850
AT = b"[16/Jul/2025:10:00:00 +0000]"
LINE = b'host - - [%s] "%s" %s 12'


def parse(
    request: bytes = b"GET /a?b=c HTTP/1.1",
    status: bytes = b"200",
    at: bytes = b"16/Jul/2025:12:00:00 +0200",
    host: str = "",
    pages_only: bool = False,
) -> View | Skip:
    line = LINE % (at, request, status)
    return AccessLog(lambda: NOW, Reading(host, pages_only)).parse(line)


def test_a_get_becomes_a_view_of_its_path_in_its_hour_of_utc() -> None:
    assert parse() == View("/a", TEN)


@pytest.mark.parametrize("status", [b"200", b"206", b"299", b"304"])
def test_answered_requests_count(status: bytes) -> None:
    assert parse(status=status) == View("/a", TEN)


@pytest.mark.parametrize(
    ("request_line", "status", "reason"),
    [
        (b"POST / HTTP/1.1", b"200", Skip.NOT_GET),
        (b"GET / HTTP/1.1", b"301", Skip.OTHER_STATUS),
        (b"GET / HTTP/1.1", b"404", Skip.OTHER_STATUS),
        (b"GET a", b"200", Skip.MALFORMED_REQUEST),
        (b"GET  HTTP/1.1", b"200", Skip.MALFORMED_REQUEST),
        (b"get / HTTP/1.1", b"200", Skip.MALFORMED_REQUEST),
        (b"-", b"408", Skip.MALFORMED_REQUEST),
        (b'GET /"a b HTTP/1.1', b"200", Skip.MALFORMED_LINE),
        (b'GET /" HTTP/1.1 x', b"200", Skip.MALFORMED_LINE),
        (b"GET /\x00 HTTP/1.1", b"200", Skip.CONTROL),
        (b"GET /" + b"x" * 2_048 + b" HTTP/1.1", b"200", Skip.LONG_PAGE),
        (b"GET /" + b"x" * 70_000 + b" HTTP/1.1", b"200", Skip.LONG_LINE),
    ],
)
def test_what_is_no_view_has_a_reason(request_line: bytes, status: bytes, reason: Skip) -> None:
    assert parse(request_line, status) is reason


@pytest.mark.parametrize(
    "at",
    [
        b"32/Jul/2025:12:00:00 +0200",
        b"16/Foo/2025:12:00:00 +0200",
        b"16/Jul/2025:24:00:00 +0200",
        b"16/Jul/2025:12:60:00 +0200",
        b"16/Jul/2025:12:00:00 +9900",
        b"01/Jan/0001:00:00:00 +0100",
        b"01/Jan/0000:00:00:00 +0000",
        b"31/Dec/9999:23:00:00 -0100",
    ],
)
def test_times_that_do_not_exist_make_the_line_malformed(at: bytes) -> None:
    assert parse(at=at) is Skip.MALFORMED_LINE


@pytest.mark.parametrize(
    ("at", "found"),
    [
        (b"16/Jul/2025:11:00:00 +0000", View("/a", TEN + 1)),
        (b"16/Jul/2025:11:00:01 +0000", Skip.FUTURE),
        (b"16/Jul/2025:15:29:59 +0530", View("/a", TEN - 1)),
        (b"16/Jul/2025:15:30:00 +0530", View("/a", TEN)),
    ],
)
def test_offsets_and_the_near_future(at: bytes, found: View | Skip) -> None:
    assert parse(at=at) == found


def test_the_clock_is_read_again_when_a_line_is_ahead_of_it() -> None:
    moments = iter([NOW - 7_200, NOW])
    log = AccessLog(lambda: next(moments), Reading())
    line = LINE % (b"16/Jul/2025:10:00:00 +0000", b"GET /a HTTP/1.1", b"200")
    assert [log.parse(line), log.parse(line)] == [Skip.FUTURE, View("/a", TEN)]


@pytest.mark.parametrize(
    ("target", "page"),
    [
        (b"/a", "example.com/a"),
        (b"//a", "example.com//a"),
        (b"http://other.org/a?b", "example.com/a"),
        (b"http://other.org", "example.com/"),
        (b"/go?to=http://x/", "example.com/go"),
        (b"www.site.org/t4.htm", "example.com/t4.htm"),
        (b"t5.html", "example.com/t5.html"),
    ],
)
def test_the_host_goes_in_front(target: bytes, page: str) -> None:
    assert parse(b"GET %s HTTP/1.1" % target, host="example.com") == View(page, TEN)


def test_a_target_that_names_no_page_gets_no_host() -> None:
    assert parse(b"GET * HTTP/1.1", host="example.com") is Skip.NO_PAGE


def test_without_a_host_targets_are_taken_as_written() -> None:
    assert parse(b"GET http://other.org/a HTTP/1.1") == View("http://other.org/a", TEN)


@pytest.mark.parametrize(
    ("target", "is_page"),
    [
        (b"/a.css?v=1", False),
        (b"/A.PNG", False),
        *((b"/a.css;v=2", False), (b"/a.css%3Fv=2", False), (b"/a%2Ecss", False)),
        *((b"/a.js.map", False), (b"/site.webmanifest", False), (b"/a.css;jsessionid=1", False)),
        (b"/js", True),
        (b"/a.css/b", True),
        (b"/page.html", True),
        (b"/feed.xml", True),
    ],
)
def test_pages_only_leaves_out_static_assets(target: bytes, is_page: bool) -> None:
    found = parse(b"GET %s HTTP/1.1" % target, pages_only=True)
    assert isinstance(found, View) is is_page
    assert is_page or found is Skip.STATIC_ASSET


@pytest.mark.parametrize(
    ("target", "page"),
    [
        ("/größe".encode(), "/größe"),
        ("/größe".encode("latin-1"), "/größe"),
        ("/à".encode(), "/à"),
        (rb"/caf\xc3\xA9", "/café"),
        (rb"/q\"x", '/q"x'),
        (rb"/q\x22x", '/q"x'),
        (rb"/a\\b", r"/a\b"),
        (rb"/\xe9", "/é"),
        (b"/it\x92s", "/it\u2019s"),
    ],
)
def test_pages_are_what_was_requested_utf_8_or_else_windows_1252(target: bytes, page: str) -> None:
    assert parse(b"GET %s HTTP/1.1" % target) == View(page, TEN)


@pytest.mark.parametrize("rest", [b"", b"\r", b' "-" "agent"', b' "-" "a \\" b" "-" 0.001 x'])
def test_anything_may_follow_the_user_agent(rest: bytes) -> None:
    line = LINE % (b"16/Jul/2025:10:00:00 +0000", b"GET /a HTTP/2", b"200") + rest
    assert AccessLog(lambda: NOW, Reading()).parse(line) == View("/a", TEN)


TAIL = b'"GET /a HTTP/1.1" 200 12 "-" "agent"'


@pytest.mark.parametrize(
    "front",
    [
        *(b"", b" - ", b"192.0.2.7 - ", b"192.0.2.7 -  ", b"192.0.2.7 - user[7] "),
        *(b'192.0.2.7 - \\"a b \\" ', b'192.0.2.7 - /O=A "Ltd"/CN=x ', b'"192.0.2.7, ::1" - - '),
        *(b"Jul 16 10:00:00 web1 nginx[812]: 192.0.2.7 - - ", b"web-1  | 192.0.2.7 - - "),
    ],
)
def test_anything_may_stand_before_the_time(front: bytes) -> None:
    assert AccessLog(lambda: NOW, Reading()).parse(front + AT + b" " + TAIL) == View("/a", TEN)


@pytest.mark.parametrize(
    "at",
    [
        *(b"16/Jul/2025:10:00:00.123 +0000", b"16/Jul/2025:10:00:00", b"16/Jul/2025 10:00:00"),
        *(b"16/JUL/2025:12:00:00 +02:00", b"16/jul/2025:10:00:00 +0000"),
        *(b"2025-07-16T12:00:00+02:00", b"2025-07-16T10:00:00Z"),
        *(b"16/Jul/2025:10:00:00 Z", b"16/Jul/2025:10:00:00 UTC", b"16/Jul/2025:10:00:00 GMT"),
        *(b"2025-07-16 10:00:00", b"2025-07-16 12:00:00 +0200", b"2025-07-16 12:00:00.5+02:00"),
        *(b"2025/07/16 10:00:00", b"1752660000", b"1752660000.123", b"1752660000123"),
        *(b"Wed Jul 16 10:00:00 2025", b"Wed Jul 16 10:00:00.000001 2025"),
        *(b"Wed Jul 16 12:00:00 +0200 2025", b"Wed Jul 16 10:00:00 UTC 2025"),
        b"Wed, 16 Jul 2025 10:00:00 GMT",
    ],
)
def test_times_are_read_in_the_ways_they_are_written(at: bytes) -> None:
    assert parse(at=at) == View("/a", TEN)


@pytest.mark.parametrize("at", [b"16/Jul/2025:9:05:00 +0000", b"16/Jul/2025 9:05:00"])
def test_hours_of_one_digit(at: bytes) -> None:
    assert parse(at=at) == View("/a", TEN - 1)


@pytest.mark.parametrize(
    "at", [b"16/Jul/2025:10:00:00 CEST", b"Wed Jul 16 10:00:00 CEST 2025", b"812", b"12345678"]
)
def test_a_time_whose_zone_only_has_a_name_and_a_small_number_are_none(at: bytes) -> None:
    assert parse(at=at) is Skip.MALFORMED_LINE


@pytest.mark.parametrize("front", [b"[2025-07-16 12:00:00] web | h - - ", b"cron[1234567890]: h "])
def test_of_several_times_the_one_next_to_the_request_is_taken(front: bytes) -> None:
    assert AccessLog(lambda: NOW, Reading()).parse(front + AT + b" " + TAIL) == View("/a", TEN)


@pytest.mark.parametrize(("at", "day"), [(b" 6/Jul/2025", 6), (b"6/Jul/2025", 6)])
def test_days_of_one_digit(at: bytes, day: int) -> None:
    assert parse(at=at + b":10:00:00 +0000") == View("/a", TEN - 24 * (16 - day))


@pytest.mark.parametrize("between", [b" 24675 ", b" (0 s) ", b"  ", b" - 0.004 "])
def test_anything_may_stand_between_time_and_request(between: bytes) -> None:
    assert AccessLog(lambda: NOW, Reading()).parse(b"h - - " + AT + between + TAIL) == View(
        "/a", TEN
    )


@pytest.mark.parametrize(
    "tail",
    [
        *(b' 0.004 "-" "UA"', b" 18598", b' "http://r/?q="foo"" "UA"', b' "-" "UA "beta" x"'),
        *(b' "-" "UA\\"', b' "-" "UA (cut', b' http://r/ "UA"', b' "-" "UA""192.0.2.9"', b' "-"'),
    ],
)
def test_anything_may_stand_behind_the_size(tail: bytes) -> None:
    line = LINE % (b"16/Jul/2025:10:00:00 +0000", b"GET /a HTTP/1.1", b"200") + tail
    assert AccessLog(lambda: NOW, Reading()).parse(line) == View("/a", TEN)


@pytest.mark.parametrize(
    "tail",
    [
        *(b"200", b"200 ", b"200\r", b"200 -1", b'"200" "512"', b'"200" 512', b'200 "512"'),
        *(b'"200"', b'200 "-" "agent"', b"200 0.004", b'200 0.004 "-" "agent"', b"200 - - 0.1"),
        *(b'"200" "-" "agent"', b'200 -1 "-" "agent"', b"200\t512\t-", b"200 512\x1b[0m"),
    ],
)
def test_a_size_may_be_written_in_many_ways_or_not_at_all(tail: bytes) -> None:
    line = b"h - - " + AT + b' "GET /a HTTP/1.1" ' + tail
    assert AccessLog(lambda: NOW, Reading()).parse(line) == View("/a", TEN)


@pytest.mark.parametrize(
    ("tail", "reason"),
    [
        *((b"512 200", Skip.NO_STATUS), (b'"512" "200"', Skip.NO_STATUS)),
        *((b"5120 200", Skip.MALFORMED_LINE), (b"12 200 512", Skip.MALFORMED_LINE)),
        *((b'"-" "agent" 200 512', Skip.MALFORMED_LINE), (b"0.004 200 512", Skip.MALFORMED_LINE)),
        *((b"200 0.004 404 512", Skip.MALFORMED_LINE), (b"200ms", Skip.MALFORMED_LINE)),
        *((b"200.5 404", Skip.MALFORMED_LINE), (b"", Skip.MALFORMED_LINE)),
        *((b'"200 512', Skip.MALFORMED_LINE), (b"2000", Skip.MALFORMED_LINE)),
        *((b"- 200", Skip.MALFORMED_LINE), (b"-1 200", Skip.MALFORMED_LINE)),
    ],
)
def test_no_number_is_skipped_to_reach_a_status(tail: bytes, reason: Skip) -> None:
    line = b"h - - " + AT + b' "GET /a HTTP/1.1" ' + tail
    assert AccessLog(lambda: NOW, Reading()).parse(line) is reason


@pytest.mark.parametrize(
    "line",
    [
        b'h - - %s "\x1b[32mGET /a HTTP/1.1\x1b[0m" 200 -' % b"[16/Jul/2025 10:00:00]",
        b'\x1b[m%s "GET /a HTTP/1.1" 200 5\x1b[0m' % b"[16/Jul/2025 10:00:00]",
        b'"h" "-" "[16/Jul/2025:10:00:00 +0000]" "GET /a HTTP/1.1" "200" "512" "-" "agent"',
        b'"h","-","[16/Jul/2025:10:00:00 +0000]","GET /a HTTP/1.1","200","512","-","agent"',
        b'h|-|[16/Jul/2025:10:00:00 +0000]|"GET /a HTTP/1.1"|200|512|"-"|"agent"',
        b'h;-;[16/Jul/2025:10:00:00 +0000];"GET /a HTTP/1.1";200;-',
        b'h\t-\t-\t[16/Jul/2025:10:00:00 +0000]\t"GET /a HTTP/1.1"\t200\t5',
    ],
)
def test_colours_quotation_marks_and_other_separators_change_nothing(line: bytes) -> None:
    assert AccessLog(lambda: NOW, Reading()).parse(line) == View("/a", TEN)


@pytest.mark.parametrize(
    ("target", "page"),
    [(b'/a"b', '/a"b'), (b'/"', '/"'), (b'/a?q="x"', "/a"), (b'/a"/"b?c', '/a"/"b')],
)
@pytest.mark.parametrize("tail", [b"200 5", b'200 5 "http://r/?q="x" HTTP/1.1" "agent"', b"200"])
def test_a_raw_quotation_mark_is_part_of_the_target(target: bytes, page: str, tail: bytes) -> None:
    line = b"h - - " + AT + b' "GET %s HTTP/1.1" ' % target + tail
    assert AccessLog(lambda: NOW, Reading()).parse(line) == View(page, TEN)


@pytest.mark.parametrize("forged", [b"200 5", b'200 5 "-"', b'"200" "5"', b"200"])
def test_a_target_that_was_not_escaped_forges_no_answer(forged: bytes) -> None:
    line = b"h - - " + AT + b' "GET /x" %s HTTP/1.1" 404 5 "-" "agent"' % forged
    assert AccessLog(lambda: NOW, Reading()).parse(line) is Skip.MALFORMED_LINE


def test_an_agent_that_names_a_protocol_ends_no_request() -> None:
    line = b"h - - " + AT + b' "GET /a" 200 5 "-" "agent HTTP/1.1" 0.004'
    assert AccessLog(lambda: NOW, Reading()).parse(line) == View("/a", TEN)


def test_a_request_that_was_torn_does_not_go_on_in_the_next_record() -> None:
    whole = b"h - - " + AT + b' "GET /b HTTP/1.1" 200 5'
    for torn in (b'"', b'"GET', b'"GET /a', b'"GET /a ', b'"GET /a HTTP/1.1', b'"GET /a HTTP/1.1"'):
        line = b"h - - " + AT + b" " + torn + whole
        assert not isinstance(AccessLog(lambda: NOW, Reading()).parse(line), View)


@pytest.mark.parametrize(("host", "page"), [("", "/"), ("h.org", "h.org/")])
@pytest.mark.parametrize("target", [b"?x=1", b"?"])
def test_a_target_that_is_only_a_query_is_the_root(target: bytes, host: str, page: str) -> None:
    line = LINE % (b"16/Jul/2025:10:00:00 +0000", b"GET %s HTTP/1.1" % target, b"200")
    assert AccessLog(lambda: NOW, Reading(host)).parse(line) == View(page, TEN)
    kept = AccessLog(lambda: NOW, Reading(host, query="keep")).parse(line)
    assert kept == View(page + target.decode(), TEN)


@pytest.mark.parametrize(
    ("request_line", "page"),
    [
        (b"GET /a", "/a"),
        (b"GET /a b HTTP/1.1", "/a b"),
        (b"GET /a?x=a b HTTP/1.1", "/a"),
        (b"GET /a HTTP/1.1 ", "/a"),
        (b"GET /a  HTTP/1.1", "/a"),
    ],
)
def test_unusual_requests_that_were_answered_count(request_line: bytes, page: str) -> None:
    assert parse(request_line) == View(page, TEN)


@pytest.mark.parametrize(
    ("front", "page"),
    [
        (b"shop.example.org:443 192.0.2.7 - - ", "shop.example.org/a"),
        (b"Shop.example.org 192.0.2.7 - - ", "shop.example.org/a"),
        (b"shop.example.org 203.0.113.5, 192.0.2.7 - - ", "shop.example.org/a"),
        (b"203.0.113.5, 192.0.2.7 - - ", "/a"),
        (b"shop.example.org:443:192.0.2.7 - - ", "shop.example.org/a"),
        (b"shop.example.org:443 2001:db8::1 - - ", "shop.example.org/a"),
        (b"localhost:80 ::1 - - ", "localhost/a"),
        (b"192.0.2.7 198.51.100.9 - - ", "/a"),
        (b"client.example.org - - ", "/a"),
        (b"192.0.2.7 shop.example.org - - ", "shop.example.org/a"),
        (b"2001:db8::1 Shop.example.org:8080 - ann ", "shop.example.org/a"),
        (b"192.0.2.7 shop.example.org - ", "shop.example.org/a"),
        (b"192.0.2.7 ann - ", "/a"),
        (b"192.0.2.7 - ann smith ", "/a"),
        (b"2a01:db8::1 - - ", "/a"),
        (b"fe80::1 - - ", "/a"),
        (b"web-1  | fe80::1 - - - - ", "/a"),
        (b"web-1  | shop.example.org:443 192.0.2.7 - - ", "shop.example.org/a"),
        (b"Jul 16 10:00:00 box nginx[7]: shop.example.org 192.0.2.7 - - ", "shop.example.org/a"),
        (b"<190>Jul 16 10:00:00 box nginx: shop.example.org 192.0.2.7 - - ", "shop.example.org/a"),
        (b"2025-07-16T10:00:00.5Z stdout F shop.example.org 192.0.2.7 - - ", "shop.example.org/a"),
        (b"Jul 16 10:00:00 box nginx: 192.0.2.7 - - ", "/a"),
        (b"access.log:192.0.2.7 - - ", "/a"),
        (b"access.log.1:192.0.2.7 - - ", "/a"),
        (b"access_log:12:192.0.2.7 - - ", "/a"),
        (b"shop.example.org-ssl_log:12:192.0.2.7 - - ", "/a"),
        (b"web.gz:12:192.0.2.7 - - ", "/a"),
        (b"blog.example.org:443:192.0.2.7 - - ", "blog.example.org/a"),
        (b"www.log-in.example.org:443 192.0.2.7 - - ", "www.log-in.example.org/a"),
        (b"Jul 16 10:00:00 box 192.0.2.7 - - ", "/a"),
    ],
)
def test_a_virtual_host_in_the_line_is_the_pages_host(front: bytes, page: str) -> None:
    line = front + AT + b" " + TAIL
    assert AccessLog(lambda: NOW, Reading()).parse(line) == View(page, TEN)
    assert AccessLog(lambda: NOW, Reading("h.org")).parse(line) == View("h.org/a", TEN)


def test_two_records_without_a_blank_between_are_told() -> None:
    line = b"h - - " + AT + b" " + TAIL
    assert AccessLog(lambda: NOW, Reading()).parse(line + line) is Skip.JOINED


def test_parts_of_a_file_are_left_out_of_pages_only() -> None:
    assert parse(status=b"206", pages_only=True) is Skip.PART


@pytest.mark.parametrize("line", [b"", b" ", b"\r"])
def test_empty_lines_are_told_from_malformed_ones(line: bytes) -> None:
    assert AccessLog(lambda: NOW, Reading()).parse(line) is Skip.EMPTY


@given(st.binary(), st.binary())
def test_no_bytes_crash_the_parser(anything: bytes, target: bytes) -> None:
    log = AccessLog(lambda: NOW, Reading("example.com", pages_only=True))
    at = b"16/Jul/2025:10:00:00 +0000"
    for line in (anything, LINE % (at, b"GET /%s HTTP/1.1" % target, b"200")):
        found = log.parse(line)
        if isinstance(found, View):
            assert found.page.encode()
            assert not any(unicodedata.category(letter) == "Cc" for letter in found.page)


@pytest.mark.parametrize(
    "piece",
    [
        *(b'"', b"\\", b'\\"', b" ", b"[", b'" "', b"a ", b"\x1b[0m", b" 1.5", b" -", b'"GET /a'),
        *(AT, AT + b' "', AT + b' "GET /a', b"[Wed ", b" HTTP/1.1", b"log-", b"|", b"h.org "),
    ],
)
def test_long_lines_of_one_thing_take_no_time(piece: bytes) -> None:
    log = AccessLog(lambda: NOW, Reading())
    head = LINE % (b"16/Jul/2025:10:00:00 +0000", b"GET /a HTTP/1.1", b"200")
    long = piece * (MAX_LINE_BYTES // 2 // len(piece))
    begun = perf_counter()
    for line in (long, head + b' "' + long + b"x", AT + b' "GET ' + long, AT + long + b'"GET /a'):
        log.parse(line)
    assert perf_counter() - begun < 1


@pytest.mark.parametrize(
    ("name", "pages", "page_hours", "seen"),
    [
        (
            "elastic.log",
            273,
            497,
            {"views": 954, "other status": 33, "not GET": 14},
        ),
        ("hackers.log", 17, 141, {"views": 407, "not GET": 186, "other status": 7}),
        (
            "nasa-broken.log",
            228,
            228,
            {"views": 653, "malformed line": 34, "other status": 13},
        ),
    ],
)
def test_recorded_traffic_gives_the_known_totals(
    name: str, pages: int, page_hours: int, seen: dict[str, int]
) -> None:
    log = AccessLog(lambda: NOW, Reading())
    found = [log.parse(line) for line in read_lines(str(DATA / name))]
    views = [view for view in found if isinstance(view, View)]
    assert Counter("views" if isinstance(one, View) else one.value for one in found) == seen
    assert len({view.page for view in views}) == pages
    assert len({(view.page, view.hour) for view in views}) == page_hours


def test_torn_lines_are_malformed() -> None:
    log = AccessLog(lambda: NOW, Reading())
    nasa = list(read_lines(str(DATA / "nasa-broken.log")))
    assert [log.parse(line) for line in nasa[37:39]] == [Skip.MALFORMED_LINE] * 2


@pytest.mark.parametrize("status", [b"250", b"512", b"600", b"099", b"999"])
def test_statuses_that_do_not_exist_are_told(status: bytes) -> None:
    assert parse(status=status) is Skip.NO_STATUS


@pytest.mark.parametrize("status", [b"101", b"301", b"404", b"444", b"499", b"503", b"521", b"000"])
def test_statuses_that_servers_write_are_ordinary(status: bytes) -> None:
    assert parse(status=status) is Skip.OTHER_STATUS


@pytest.mark.parametrize("between", [b" ", b"\t", b"  - "])
@pytest.mark.parametrize("tail", [b"", b' "-" "agent"', b' "-" "agent" 0.004', b' "-" "cut'])
@pytest.mark.parametrize("front", [b"h - - ", b"shop.example.org:443 192.0.2.7 - ann "])
def test_a_second_record_on_the_line_is_told(between: bytes, tail: bytes, front: bytes) -> None:
    line = front + AT + b' "GET /a HTTP/1.1" 200 1' + tail
    assert AccessLog(lambda: NOW, Reading()).parse(line + between + line) is Skip.JOINED


@pytest.mark.parametrize(
    "agent", [b"[16/Jul/2025:10:00:00 +0000]", b"GET [16/Jul/2025:10:00:00 +0000] 200 1"]
)
def test_an_agent_with_a_time_in_it_is_no_second_record(agent: bytes) -> None:
    line = b"h - - " + AT + b' "GET /a HTTP/1.1" 200 1 "-" "' + agent + b'"'
    assert AccessLog(lambda: NOW, Reading()).parse(line) == View("/a", TEN)
