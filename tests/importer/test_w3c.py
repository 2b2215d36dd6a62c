"""Lines of IIS and of CloudFront to views, by the columns that their headers name."""

import gzip
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.formats.choice import Choice
from importer.formats.cloudfront import CloudFront
from importer.formats.w3c import W3C
from importer.requests import Reading
from importer.views import Skip, View
from tests.importer.conftest import Service, run
from tests.importer.test_choice import found, stored

NOW = 1_752_660_000.0  # 2025-07-16T10:00:00Z
NINE = 486_849
IIS = (
    b"#Software: Microsoft Internet Information Services 10.0\r\n#Version: 1.0\r\n"
    b"#Date: 2025-07-16 09:00:00\r\n"
    b"#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip"
    b" cs(User-Agent) cs(Referer) sc-status sc-substatus sc-win32-status time-taken\r\n"
)
LINE = b"2025-07-16 09:20:00 10.0.0.3 %s %s %s 443 - 192.0.2.7 Mozilla/5.0+(X) - %s 0 0 15\r\n"
CLOUDFRONT = (
    b"#Version: 1.0\n#Fields: date time x-edge-location sc-bytes c-ip cs-method cs(Host)"
    b" cs-uri-stem sc-status cs(Referer) cs(User-Agent) cs-uri-query cs(Cookie)"
    b" x-edge-result-type x-edge-request-id x-host-header cs-protocol cs-bytes time-taken\n"
)
EDGE = (
    b"2025-07-16\t09:20:00\tFRA56-P1\t2048\t192.0.2.7\t%s\td111.cloudfront.net\t%s\t%s\t-\t"
    b"Mozilla/5.0%%20(X)\t%s\t-\tHit\tid==\tShop.Example.org\thttps\t23\t0.001\n"
)


def each(
    content: bytes, reading: Reading | None = None, kind: type[W3C] = W3C
) -> list[View | Skip]:
    """What the lines are, the headers left out."""
    parser = kind(lambda: NOW, reading or Reading())
    all_found = [parser.parse(line) for line in content.split(b"\n")[:-1]]
    return [one for one in all_found if one is not Skip.HEADER]


def one(line: bytes, header: bytes = IIS, reading: Reading | None = None) -> View | Skip:
    (only,) = each(header + line, reading)
    return only


def under(fields: bytes, line: bytes, **options: str) -> View | Skip:
    return one(line + b"\n", b"#Fields: " + fields + b"\n", Reading(**options))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("method", "stem", "query", "status", "result"),
    [
        (b"GET", b"/a", b"-", b"200", View("/a", NINE)),
        (b"GET", b"/a", b"id=7", b"304", View("/a", NINE)),
        (b"GET", b"/A+b.aspx", b"-", b"200", View("/A+b.aspx", NINE)),
        (b"GET", "/größe".encode(), b"-", b"200", View("/größe", NINE)),
        (b"GET", b"/it\x92s", b"-", b"200", View("/it\u2019s", NINE)),
        (b"GET", b"/caf\\xc3\\xa9", b"-", b"200", View("/caf\\xc3\\xa9", NINE)),
        (b"GET", b"/a?b", b"-", b"200", View("/a%3Fb", NINE)),
        (b"GET", b'/say"hi"', b"-", b"200", View('/say"hi"', NINE)),
        (b"POST", b"/a", b"-", b"200", Skip.NOT_GET),
        (b"HEAD", b"/a", b"-", b"200", Skip.NOT_GET),
        (b"VERSION-CONTROL", b"/a", b"-", b"200", Skip.NOT_GET),
        (b"GET", b"/a", b"-", b"404", Skip.OTHER_STATUS),
        (b"GET", b"/a", b"-", b"-", Skip.OTHER_STATUS),
        (b"GET", b"/a", b"-", b"700", Skip.NO_STATUS),
        (b"GET", b"/a", b"-", b"20", Skip.MALFORMED_LINE),
        (b"-", b"-", b"-", b"400", Skip.MALFORMED_REQUEST),
        (b"GET", b"-", b"-", b"200", Skip.MALFORMED_REQUEST),
        (b"get", b"/a", b"-", b"200", Skip.MALFORMED_REQUEST),
    ],
)
def test_a_line_of_iis(
    method: bytes, stem: bytes, query: bytes, status: bytes, result: View | Skip
) -> None:
    assert one(LINE % (method, stem, query, status)) == result


def test_the_query_is_kept_when_asked_for() -> None:
    keep = Reading(query="keep")
    assert one(LINE % (b"GET", b"/a", b"id=7+8", b"200"), IIS, keep) == View("/a?id=7+8", NINE)
    assert one(LINE % (b"GET", b"/a", b"-", b"200"), IIS, keep) == View("/a", NINE)
    whole = under(
        b"date time cs-method cs-uri sc-status", b"2025-07-16 09:00:00 GET /a?b 200", query="keep"
    )
    assert whole == View("/a?b", NINE)


@pytest.mark.parametrize(
    ("fields", "line"),
    [
        (b"sc-status cs-uri-stem cs-method time date", b"200 /a GET 09:00:00 2025-07-16"),
        (b"Date Time CS-Method cs-uri-stem sc-status", b"2025-07-16 09:00:00 GET /a 200"),
        (b"date time cs-method cs-uri-stem sc-status", b"2025-07-16\t09:00:00\tGET\t/a\t200"),
        (b"date\ttime\tcs-method\tcs-uri-stem\tsc-status", b"2025-07-16\t09:00:00\tGET\t/a\t200"),
        (b"date time cs-method cs-uri-stem sc-status", b"2025-07-16  09:00:00 GET  /a 200 "),
        (
            b"date time cs-method cs-uri-stem cs(User-Agent) sc-status",
            b'2025-07-16 09:00:00 GET /a "Agent (of many words)" 200',
        ),
        (
            b"date time cs-method cs-uri-stem sc-status cs(User-Agent) cs(Referer)",
            b"2025-07-16 09:00:00 GET /a 200 Mozi",
        ),
        (b"date time cs-method cs-uri-stem sc-status", b"2025-07-16 09:00:00.123 GET /a 200"),
        (b"timestamp cs-method cs-uri-stem sc-status", b"1752656400 GET /a 200"),
    ],
)
def test_columns_stand_where_the_header_says(fields: bytes, line: bytes) -> None:
    assert under(fields, line) == View("/a", NINE)


@pytest.mark.parametrize(
    "line",
    [
        b"2025-07-16 09:00:00 GET /a 200 Agent of many words",
        b"2025-07-16 09:00:00 GET /a",
        b"2025-07-16 09:00:00 GET /a 200",
        b"2025-07-32 09:00:00 GET /a 200 x x",
        b"no line of it",
    ],
)
def test_what_is_not_certain_is_not_guessed(line: bytes) -> None:
    fields = b"date time cs-method cs-uri-stem sc-status cs(User-Agent) cs-host"
    assert under(fields, line) is Skip.MALFORMED_LINE


@pytest.mark.parametrize(
    ("host", "page"),
    [
        (b"Shop.Example.org", "shop.example.org/a"),
        (b"shop.example.org:8443", "shop.example.org/a"),
        (b"192.0.2.1", "192.0.2.1/a"),
        (b"[2001:DB8::1]:443", "[2001:db8::1]/a"),
        (b"shop.example.org.", "shop.example.org/a"),
        (b"-", "/a"),
        (b"evil/../x", "/a"),
        (b"a@b", "/a"),
    ],
)
def test_the_host_of_the_line_goes_in_front(host: bytes, page: str) -> None:
    fields = b"date time cs-method cs-uri-stem cs-host sc-status"
    line = b"2025-07-16 09:00:00 GET /a " + host + b" 200"
    assert under(fields, line) == View(page, NINE)
    assert under(fields, line, host="h.org") == View("h.org/a", NINE)


def test_columns_may_change_within_a_file() -> None:
    content = (
        IIS
        + LINE % (b"GET", b"/a", b"-", b"200")
        + b"#Software: again\n#Fields: date time cs-uri-stem cs-method sc-status\n"
        + b"2025-07-16 09:30:00 /b GET 200\n#Remark: done\n"
    )
    assert each(content) == [View("/a", NINE), View("/b", NINE)]


@pytest.mark.parametrize(
    "fields",
    [
        b"date time cs-method cs-uri-stem",
        b"date time cs-uri-stem sc-status",
        b"time cs-method cs-uri-stem sc-status",
        b"date cs-method cs-uri-stem sc-status",
        b"date time cs-method sc-status",
        b"",
    ],
)
def test_columns_that_are_missing_are_told(service: Service, tmp_path: Path, fields: bytes) -> None:
    path = stored(tmp_path, b"#Fields: " + fields + b"\n2025-07-16 09:00:00 /a GET 200\n")
    for options in ([], ["--format", "w3c"]):
        result = run(path, "--to", service.url, "--json", *options)
        assert result.exit_code == 1
        assert found(result)["skipped"] == {"header": 1, Skip.NO_COLUMN.value: 1}
        assert "#Fields" in found(result)["errors"][0]


def test_a_file_begun_in_the_middle_is_told(service: Service, tmp_path: Path) -> None:
    path = stored(tmp_path, b"2025-07-16 09:00:00 GET /a 200\n" * 3)
    result = run(path, "--to", service.url, "--format", "w3c", "--json")
    assert result.exit_code == 1
    assert found(result)["skipped"] == {Skip.NO_FIELDS.value: 3}
    assert "#Fields" in found(result)["errors"][0]


@pytest.mark.parametrize("referrer", [b" -", b""])
def test_the_columns_of_iis_as_it_comes_need_no_header(referrer: bytes) -> None:
    line = LINE.replace(b" - %s", referrer + b" %s") % (b"GET", b"/a", b"-", b"200")
    assert each(line) == [View("/a", NINE)]


@pytest.mark.parametrize(
    ("stem", "page"),
    [
        (b"/a", "/a"),
        (b"/caf%25C3%25A9", "/caf%C3%A9"),
        (b"/caf%C3%A9", "/caf%C3%A9"),
        (b"/%7Eann", "/~ann"),
        (b"/100%25", "/100%25"),
        (b"/a%255Cx", "/a%5Cx"),
        (b"/a\\x41", "/a\\x41"),
    ],
)
def test_cloudfront_has_the_viewers_host_and_encodes_twice(stem: bytes, page: str) -> None:
    line = EDGE % (b"GET", stem, b"200", b"-")
    for header in (CLOUDFRONT, b""):
        assert each(header + line, kind=CloudFront) == [View("shop.example.org" + page, NINE)]


def test_cloudfront_has_the_name_of_the_distribution_where_it_has_no_other() -> None:
    short = b"\t".join((EDGE % (b"GET", b"/a", b"200", b"b=c")).split(b"\t")[:12]) + b"\n"
    assert each(short, Reading(query="keep"), CloudFront) == [
        View("d111.cloudfront.net/a?b=c", NINE)
    ]


@pytest.mark.parametrize("status", [b"000", b"-"])
def test_a_viewer_of_cloudfront_that_went_away_is_ordinary(status: bytes) -> None:
    line = CLOUDFRONT + EDGE % (b"GET", b"/a", status, b"-")
    assert each(line, kind=CloudFront) == [Skip.OTHER_STATUS]


def test_packed_logs_of_cloudfront_may_stand_behind_one_another(
    service: Service, tmp_path: Path
) -> None:
    pieces = [CLOUDFRONT + EDGE % (b"GET", b"/%d" % i, b"200", b"-") for i in range(2)]
    path = stored(tmp_path, b"".join(map(gzip.compress, pieces)), "E1.2025-07-16-09.gz")
    result = run(path, "--to", service.url, "--json")
    assert result.exit_code == 0, result.stderr
    assert found(result)["formats"] == {str(path): "cloudfront"}
    assert found(result)["skipped"] == {"header": 4}
    assert {page for body in service.bodies for page in body} == {
        "shop.example.org/0",
        "shop.example.org/1",
    }


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (IIS + LINE % (b"GET", b"/a", b"-", b"200"), "w3c"),
        (LINE % (b"GET", b"/a", b"-", b"200"), "w3c"),
        (b"noise\n" * 20 + IIS + (LINE % (b"GET", b"/a", b"-", b"200")) * 2, "w3c"),
        (CLOUDFRONT + EDGE % (b"GET", b"/a", b"200", b"-"), "cloudfront"),
        (EDGE % (b"GET", b"/a", b"200", b"-"), "cloudfront"),
        (IIS, "w3c"),
        (CLOUDFRONT, "cloudfront"),
        (IIS + (LINE % (b"GET", b"/a", b"-", b"200")).replace(b"(X)", b"(a,b;c)"), "w3c"),
    ],
)
def test_auto_finds_them(content: bytes, name: str) -> None:
    choice = Choice("auto", lambda: NOW, Reading())
    for line in content.split(b"\n")[:-1]:
        assert list(choice.parse(line)) == []
    lines = list(choice.rest())
    assert choice.name == name
    assert len(lines) == content.count(b"\n")
    assert sum(isinstance(seen, View) for _, seen in lines) == content.count(b"GET")


def test_the_header_holds_for_what_follows_the_lines_that_decided() -> None:
    choice = Choice("auto", lambda: NOW, Reading())
    line = b"2025-07-16 09:00:00 GET /a 200"
    content = [b"#Fields: date time cs-method cs-uri-stem sc-status", *[line] * 250]
    seen = [one for given in content for _, one in choice.parse(given)]
    assert seen == [Skip.HEADER, *[View("/a", NINE)] * 250]


WORDS = b"#Fields: date time cs-method cs-uri-stem sc-status 2025-07-16 09:00:00 GET /a 200 - %25"
PIECES = st.sampled_from([*WORDS.split(), b" ", b"\t", b'"', b"\n", b"#", b"\xff"])


@given(st.lists(PIECES | st.binary(max_size=4), max_size=60).map(b"".join))
def test_no_bytes_crash_the_parsers(content: bytes) -> None:
    for kind in (W3C, CloudFront):
        for seen in each(IIS + content + b"\n", Reading("h.org", pages_only=True), kind):
            if isinstance(seen, View):
                assert seen.page.encode()


@pytest.mark.parametrize("piece", [b'"', b" ", b"\t", b'" "', b"a ", b"#Fields: ", b"%25", b"/?"])
def test_long_lines_of_one_thing_take_no_time(piece: bytes) -> None:
    many = piece * (60_000 // len(piece))
    first = (LINE % (b"GET", b"/" + many, b"-", b"200")).rstrip()
    for line in (many, first, b"2025-07-16 09:00:00 " + many + b"x"):
        for kind in (W3C, CloudFront):
            kind(lambda: NOW, Reading()).parse(line)
            each(IIS + line + b"\n", kind=kind)
