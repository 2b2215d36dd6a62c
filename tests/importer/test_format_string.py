"""Lines of logs to views by the format strings of nginx and of Apache."""

import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.access_log import AccessLog
from importer.formats.format_fields import FormatFault
from importer.formats.format_string import NAMED, FormatString, LogFormat
from importer.reading import read_lines
from importer.requests import Reading
from importer.views import Skip, View
from tests.importer.conftest import Service, run
from tests.importer.test_access_log import DATA
from tests.importer.test_choice import found, stored

NOW = 1_752_660_000.0  # 2025-07-16T10:00:00Z
TEN = 486_850
AT = b"16/Jul/2025:12:00:00 +0200"
GET = b"GET /a?b=c HTTP/1.1"


def one(log_format: str, line: bytes, **options: str) -> View | Skip:
    reading = Reading(log_format=log_format, **options)  # type: ignore[arg-type]
    return FormatString(lambda: NOW, reading).parse(line)


@pytest.mark.parametrize(
    ("log_format", "line", "page"),
    [
        ("common", b"h - - [" + AT + b'] "GET /a?b HTTP/1.1" 200 5', "/a"),
        ("combined", b"h - - [" + AT + b'] "GET /a HTTP/1.1" 200 - "-" "x"', "/a"),
        (
            "vhost_combined",
            b"Shop.example.org:443 h - - [" + AT + b'] "GET /a HTTP/1.1" 200 5 "-" "x"',
            "shop.example.org/a",
        ),
        ("main", b"h - - [" + AT + b'] "GET /a HTTP/1.1" 200 5 "-" "x" "-"', "/a"),
        ("$msec $status $request_method $request_uri", b"1752660000.123 200 GET /a?b", "/a"),
        (
            "$time_iso8601|$host|$request_method|$uri|$args|$status|$request_time",
            b"2025-07-16T10:00:00+00:00|h.org|GET|/a|b=c|304|0.001",
            "h.org/a",
        ),
        (
            '${remote_addr} $time_local $scheme://$http_host$request_uri "$request_method" $status',
            b"192.0.2.7 " + AT + b' https://h.org:8443/a?b "GET" 200',
            "h.org/a",
        ),
        ("$time_iso8601\t$status\t$request", b"2025-07-16T10:00:00Z\t200\tGET /a HTTP/2.0", "/a"),
        (
            "%{%d/%b/%Y %T}t.%{msec_frac}t %{%z}t %m %U%q %s",
            b"16/Jul/2025 12:00:00.123 +0200 GET /a?b 200",
            "/a",
        ),
        ("%{%Y-%m-%d}t %{%H:%M:%S}t %m %U %>s", b"2025-07-16 10:00:00 GET /a 200", "/a"),
        ("%{sec}t %m %U%q %>s", b"1752660000 GET /a 200", "/a"),
        ("%{msec}t %m %U%q %>s", b"1752660000123 GET /a 200", "/a"),
        ("%{begin:usec}t %m %U%q %>s", b"1752660000123456 GET /a 200", "/a"),
        (
            "%{%I:%M:%S %p %m/%d/%y %Z}t %r %>s",
            b"10:00:00 AM 07/16/25 UTC GET /a HTTP/1.1 200",
            "/a",
        ),
        ('%{Host}i %h %t \\"%r\\" %<s', b"h.org x [" + AT + b'] "GET /a HTTP/1.1" 200', "h.org/a"),
        (
            '%400,501{User-Agent}i %!200,304{Referer}i %t "%>r" %>s %% %{a}^ti %D',
            b"Agent of words x [" + AT + b'] "GET /a HTTP/1.1" 200 % y 7',
            "/a",
        ),
        (
            "log_format  timed escape=default '$remote_addr [$time_local] '\n"
            "   # the request\n    '\"$request\" $status';\n",
            b"h [" + AT + b'] "GET /a HTTP/1.1" 200',
            "/a",
        ),
        (
            'LogFormat "%h %l %u %t \\"%r\\" %>s %b" common',
            b"h - - [" + AT + b'] "GET /a HTTP/1.1" 200 -',
            "/a",
        ),
        (
            '{"t":"$time_iso8601","r":"$request","s":$status}',
            b'{"t":"2025-07-16T10:00:00Z","r":"GET /say\\"hi\\" HTTP/1.1","s":200}',
            '/say"hi"',
        ),
        ("%t %>s %v %U %m", b"[" + AT + b"] 200 h.org /a?x GET", "h.org/a%3Fx"),
    ],
)
def test_lines_are_read_as_the_server_wrote_them(log_format: str, line: bytes, page: str) -> None:
    assert one(log_format, line) == View(page, TEN)
    path = "/" + page.partition("/")[2]
    assert one(log_format, line + b" \r", host="own.org") == View("own.org" + path, TEN)


@pytest.mark.parametrize(
    ("log_format", "line", "page"),
    [
        ("$msec $status $request_method $uri $args", b"1752660000.1%s 200 GET /a b=c", "/a?b=c"),
        ("$msec $status $request_method $uri $args", b"1752660000.1%s 200 GET /a -", "/a"),
        ("$msec $status $request_method $uri$is_args$args", b"1752660000.1%s 200 GET /a?b", "/a?b"),
        ("$msec $status $request_method $uri$is_args$args", b"1752660000.1%s 200 GET /a-", "/a"),
        ("$msec $status $request_method $uri$is_args$args", b"1752660000.1%s 200 GET /a--", "/a-"),
        ("$msec $status $request_method $uri?$args", b"1752660000.1%s 200 GET /a?-", "/a"),
        ("$msec $status $request_method $uri?$args", b"1752660000.1%s 200 GET /a?b", "/a?b"),
        ("%{sec}t.1%%s %>s %m %U%q", b"1752660000.1%s 200 GET /a?b", "/a?b"),
        ("%{sec}t.1%%s %>s %m %U %q", b"1752660000.1%s 200 GET /a ?b", "/a?b"),
        ("%{sec}t.1%%s %>s %m %U%q", b"1752660000.1%s 200 GET /a-", "/a-"),
        ("%{sec}t.1%%s %>s %m\t%U\t%q", b"1752660000.1%s 200 GET\t/a\t", "/a"),
    ],
)
def test_the_query_is_kept_from_where_it_stands(log_format: str, line: bytes, page: str) -> None:
    line = line if "sec}t" in log_format else line.replace(b"%s", b"23")
    assert one(log_format, line, query="keep") == View(page, TEN)


@pytest.mark.parametrize(
    ("line", "result"),
    [
        (b'h - a b [c] [%s] "GET /a HTTP/1.1" 200 5 "-" "x"', View("/a", TEN)),
        (b'"h, ::1" - - [%s] "GET /a HTTP/1.1" 200 5 "-" "x"', View("/a", TEN)),
        (b'web-1 | h - - [%s] "GET /a HTTP/1.1" 200 5 "-" "x"', View("/a", TEN)),
        (b'h - - [%s] "GET /a"b HTTP/1.1" 200 5 "-" "x"', View('/a"b', TEN)),
        (b'h - - [%s] "GET /a HTTP/1.1" 200 5 "http://r/?"x"" "UA"', View("/a", TEN)),
        (b'h - - [%s] "GET /a HTTP/1.1" 200 5 "-" "cut', View("/a", TEN)),
        (b'h - - [%s] "GET /a HTTP/1.1" 200', View("/a", TEN)),
        (b'h - - [%s] "GET /it\x92s HTTP/1.1" 200 5', View("/it\u2019s", TEN)),
        (b'h - - [%s] "GET /caf\\xc3\\xa9 HTTP/1.1" 200 5', View("/café", TEN)),
        (b'h - - [%s] "" 400 0 "-" "-"', Skip.MALFORMED_REQUEST),
        (b'h - - [%s] "-" - 0 "-" "-"', Skip.MALFORMED_REQUEST),
        (b'h - - [%s] "POST /a HTTP/1.1" 200 5', Skip.NOT_GET),
        (b'h - - [%s] "GET /a HTTP/1.1" - 5', Skip.OTHER_STATUS),
        (b'h - - [%s] "GET /a HTTP/1.1" 512 200', Skip.NO_STATUS),
        (b'h - - [%s] "GET /a HTTP/1.1" 20', Skip.MALFORMED_LINE),
        (b'h - - [%s] "GET /a HTTP/1.1" 2000 5', Skip.MALFORMED_LINE),
        (b'h - - [%s] "GET /a HTTP/1.1" 0.1 200 5', Skip.MALFORMED_LINE),
        (b'h - - [%s] "GET /a HTTP/1.1', Skip.MALFORMED_LINE),
        (b"h - [%s] nothing", Skip.MALFORMED_LINE),
        (b"", Skip.EMPTY),
        (b" \r", Skip.EMPTY),
        (b"x" * 70_000, Skip.LONG_LINE),
    ],
)
def test_what_is_not_used_may_be_anything(line: bytes, result: View | Skip) -> None:
    assert one("combined", line.replace(b"%s", AT)) == result


def test_a_query_that_begins_otherwise_is_none() -> None:
    assert one("%{sec}t %>s %m %U %q", b"1752660000 200 GET /a b ?c") is Skip.MALFORMED_LINE


def test_a_size_before_the_status_is_no_status() -> None:
    log_format = '[$time_local] "$request" $body_bytes_sent $upstream_response_time $status'
    line = b'[%s] "GET /a HTTP/1.1" %s' % (AT, b"%s")
    assert one(log_format, line % b"404 0.1, 0.2 200") == View("/a", TEN)
    assert one(log_format, line % b"200 - 404") is Skip.OTHER_STATUS
    assert one(log_format, line % b"200 0.1 -") is Skip.OTHER_STATUS
    assert one(log_format, line % b"x 200 200") is Skip.MALFORMED_LINE


@pytest.mark.parametrize(
    ("written", "result"),
    [
        (b"16/Jul/2025 12:00:00 CEST", Skip.TIMESTAMP),
        (b"16/Jul/2025 10:00:00 GMT", View("/a", TEN)),
        (b"16/Jul/2025 12:00:00 +02", View("/a", TEN)),
        (b"32/Jul/2025 10:00:00 UTC", Skip.TIMESTAMP),
        (b"16/Foo/2025 10:00:00 UTC", Skip.TIMESTAMP),
        (b"16/Jul/2025 24:00:00 UTC", Skip.TIMESTAMP),
        (b"16/Jul/2025 09:60:00 UTC", Skip.TIMESTAMP),
        (b"16/Jul/2025 09:59:60 UTC", View("/a", TEN)),
        (b"16/Jul/2025 12:00:00 UTC", Skip.FUTURE),
        (b"16/Jul/0000 12:00:00 UTC", Skip.TIMESTAMP),
    ],
)
def test_times_and_zones(written: bytes, result: View | Skip) -> None:
    line = b"%s GET /a HTTP/1.1 200" % written
    assert one("%{%d/%b/%Y %H:%M:%S %Z}t %r %>s", line) == result


def test_a_time_without_an_offset_is_utc() -> None:
    line = b'h - - [16/Jul/2025:10:00:00] "GET /a HTTP/1.1" 200 5'
    assert one("common", line) == View("/a", TEN)
    assert one("%{%b %e %l %P %Y}t %r %s", b"Jul 16 10 am 2025 GET /a HTTP/1.1 200") == View(
        "/a", TEN
    )


@pytest.mark.parametrize(
    ("log_format", "line", "host"),
    [
        ("$server_name $http_host $host", b"a.org b.org c.org", "c.org"),
        ("$server_name $http_host", b"a.org B.org:80", "b.org"),
        ("$server_name", b"_", ""),
        ("$http_host", b"-", ""),
        ("$http_host", b"[::1]:8080", "[::1]"),
        ("%v %V", b"a.org b.org", "b.org"),
        ("%{HOST}i %V", b"a.org:81 b.org", "a.org"),
        ("%v:%p", b"[2001:db8::1]:443", "[2001:db8::1]"),
        ("$host:$server_port", b"h.org:443", "h.org"),
    ],
)
def test_hosts(log_format: str, line: bytes, host: str) -> None:
    for ahead in (True, False):
        rest, said = "%t %r %>s", b"[" + AT + b"] GET /a HTTP/1.1 200"
        if "$" in log_format:
            rest, said = "$time_local $request $status", AT + b" GET /a HTTP/1.1 200"
        both = f"{log_format} {rest}" if ahead else f"{rest} {log_format}"
        whole = line + b" " + said if ahead else said + b" " + line
        assert one(both, whole) == View(f"{host}/a", TEN)


def test_nothing_is_undone_that_nginx_did_not_do() -> None:
    text = "log_format x escape=none '[$time_local] \"$request\" $status';"
    line = b"[" + AT + b'] "GET /a\\x41 HTTP/1.1" 200'
    assert one(text, line) == View("/a\\x41", TEN)
    assert one(text.replace("none", "json"), line) == View("/aA", TEN)


@pytest.mark.parametrize(
    ("log_format", "told"),
    [
        ('$remote_addr "$request" $status', "no date with a time"),
        ("$msec $request", "no status"),
        ("$msec $status $uri", "no request"),
        ("$msec $status $request_method", "no request"),
        ("%{%H:%M}t %r %>s", "no date with a time"),
        ("%{%d/%b/%Y}t %r %>s", "no date with a time"),
        ("%{%Q}t %r %>s", "%Q in %{%Q}t"),
        ("%t %r %>s %", "% is no directive"),
        ("%t %r %>s %{Host", "%{Host is no directive"),
        ("$msec $status $request$http_referer", "$request ends and $http_referer begins"),
        ("$msec $http_referer$status $request", "$http_referer ends and $status begins"),
        ("%t %m %r%>s", "%r ends and %>s begins"),
        ("$msec $host$status $request", "between them"),
        ("log_format main $msec;", "quotation marks"),
        ("LogFormat combined", "quotation marks"),
        ("nothing", "no status"),
        ("combined_io", "no status"),
        (" ", "no status"),
        ("%t %r\n %>s", "line feed"),
        ("$" * 9_000, "8,192 characters"),
    ],
)
def test_what_a_string_lacks_is_told_before_anything_is_read(
    service: Service, tmp_path: Path, log_format: str, told: str
) -> None:
    path = stored(tmp_path, b"x\n")
    result = run(path, "--to", service.url, "--log-format", log_format)
    assert result.exit_code == 2
    # Rich puts it into a box of lines.
    assert told in " ".join(result.stderr.replace("\u2502", " ").split())


@pytest.mark.parametrize("form", ["counts", "w3c", "elb", "cloudfront"])
def test_other_formats_have_no_format_string(service: Service, tmp_path: Path, form: str) -> None:
    path = stored(tmp_path, b"x\n")
    result = run(path, "--to", service.url, "--log-format", "combined", "--format", form)
    assert result.exit_code == 2
    assert "--log-format is for --format log" in result.stderr


@pytest.mark.parametrize("options", [[], ["--format", "log"], ["--format", "auto"]])
def test_an_import_by_a_format_string(service: Service, tmp_path: Path, options: list[str]) -> None:
    path = stored(tmp_path, b"1752660000.123 h.org 200 GET /a?b\nnoise\n")
    log_format = "$msec $host $status $request_method $request_uri"
    result = run(
        path, "--to", service.url, "--log-format", log_format, "--query", "keep", "--json", *options
    )
    assert result.exit_code == 0, result.stderr
    assert service.bodies == [{"h.org/a?b": {"2025-07-16T10:00:00Z": 1}}]
    assert found(result)["formats"] == {str(path): "log"}
    assert found(result)["skipped"] == {"malformed line": 1}


def test_a_file_that_is_written_otherwise_is_an_error(service: Service, tmp_path: Path) -> None:
    path = stored(tmp_path, b"192.0.2.7 - - [%s] x\n" % AT)
    result = run(path, "--to", service.url, "--log-format", "combined")
    assert result.exit_code == 1
    assert "no line of it is written as --log-format says" in result.stderr


@pytest.mark.parametrize("between", [b"", b" ", b"\t"])
def test_a_second_record_on_the_line_is_told(between: bytes) -> None:
    for log_format, line in (
        ("combined", b"h - - [" + AT + b'] "GET /a HTTP/1.1" 200 5 "-" "x"'),
        ("main", b"h - - [" + AT + b'] "GET /a HTTP/1.1" 200 5 "-" "x" "-"'),
        ('[$time_local] "$request" $status $foo', b"[" + AT + b'] "GET /a HTTP/1.1" 200 x'),
    ):
        assert one(log_format, line + between + line) is Skip.JOINED


@pytest.mark.parametrize("name", ["elastic.log", "hackers.log"])
def test_recorded_traffic_gives_what_the_looser_reading_gives(name: str) -> None:
    loose = AccessLog(lambda: NOW, Reading())
    strict = FormatString(lambda: NOW, Reading(log_format="combined"))
    for line in read_lines(str(DATA / name)):
        assert strict.parse(line) == loose.parse(line)


WORDS = (
    *("$msec", "$status", "$request", "$request_method", "$request_uri", "$uri", "$args", "$host"),
    *("$is_args", "$time_local", "$foo", "${bar}", "%t", "%r", "%m", "%U", "%q", "%>s", "%v", "%b"),
    *("%{%d/%b/%Y %T}t", "%{sec}t", "%{Host}i", "%h", " ", '"', "[", "]", "|", "-", "?", "\\", "%"),
)
FORMATS = st.lists(st.sampled_from(WORDS) | st.text(max_size=3), max_size=14).map("".join)
PIECES = st.sampled_from(
    b'1752660000.123|200|GET /a HTTP/1.1|GET|/a?b|h.org|- |"| |[|]|16/Jul/2025:10:00:00 +0000|\xff'
    b"|[16/Jul/2025:10:00:00 +0000]|?|\\".split(b"|")
)
LINES = st.lists(PIECES | st.binary(max_size=3), max_size=20).map(b"".join)


@given(FORMATS, LINES)
def test_no_format_string_and_no_bytes_crash_the_parser(log_format: str, line: bytes) -> None:
    for text in (log_format, "$msec $status " + log_format, *NAMED):
        try:
            parser = FormatString(lambda: NOW, Reading("h.org", log_format=text))
        except FormatFault:
            continue
        for given_line in (line, b"1752660000.123 200 " + line):
            seen = parser.parse(given_line)
            if isinstance(seen, View):
                assert seen.page.encode()


@given(st.sampled_from(sorted(NAMED)), st.binary(max_size=200))
def test_every_line_that_a_server_writes_is_read(name: str, said: bytes) -> None:
    """What a client sends has no quotation mark where it comes out, as the servers escape it."""
    free = b"".join(b"\\x%02x" % byte if byte in b'"\\\n\r' else bytes([byte]) for byte in said)
    line = b'h.org:1 u - - [%s] "GET /%s HTTP/1.1" 200 5 "%s" "%s" "x"' % (AT, b"a", free, free)
    assert one(name, line) in (View("/a", TEN), View("h.org/a", TEN))


@pytest.mark.parametrize("piece", [b'"', b"\\", b" ", b"[", b"\t", b'" "', b'" 200 ', b"1", b"/a?"])
@pytest.mark.parametrize(
    "log_format",
    [
        *NAMED,
        "$foo1$body_bytes_sent $bar [$time_local] $request $status",
        "$a $b $c $d $e $f $time_local $g $h $request $i $j $status $k",
        '"$host" "$x" %t $msec "$request_method" "$request_uri" "$y" $status',
        '$msec $status "$request_method" $host $request_uri',
        '$msec "$request_method" $status $host "$request_uri" "$x"',
        '%h %h %h %m %U %q %{%d/%b/%Y}t %v %{%T}t "%r" %>s',
    ],
)
def test_the_longest_lines_take_no_time(log_format: str, piece: bytes) -> None:
    parser = FormatString(lambda: NOW, Reading(log_format=log_format))
    many = piece * (65_000 // len(piece))
    at = b"[" + AT + b"] "
    lines = [
        many,
        (at * 3_000)[:65_000],
        (at + many)[:65_000],
        (at + b'"GET /a ' + many)[:65_000],
        (b'1752660000.1 200 "GET" h "' + many)[:65_000],
        (b'1752660000.1 "GET" 200 h "' + many)[:65_000] + b"x",
    ]
    began = time.process_time()
    for line in lines:
        parser.parse(line)
    assert time.process_time() - began < 2


def test_a_format_is_looked_at_once() -> None:
    assert LogFormat("combined").pattern == LogFormat(NAMED["combined"]).pattern
