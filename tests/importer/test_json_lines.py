"""JSON lines to views, as the products write them and whatever the bytes."""

import json
from time import perf_counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.formats.json_lines import Caddy, JsonLines, Traefik
from importer.formats.names import named
from importer.requests import Reading
from importer.views import MAX_LINE_BYTES, Skip, View

NOW = 1_752_660_000.0  # 2025-07-16T10:00:00Z
TEN = 486_850

# As Caddy 2.8 writes it; what is personal is replaced.
CADDY = (
    b'{"level":"info","ts":1752660001.524102,"logger":"http.log.access.log0","msg":"handled '
    b'request","request":{"remote_ip":"192.0.2.7","remote_port":"41342","client_ip":"192.0.2.7","proto":'
    b'"HTTP/2.0","method":"GET","host":"Shop.Example.org:8443","uri":"/a?b=c","headers":{"User-Agent"'
    b':["curl/7.82.0"],"Accept":["*/*"]},"tls":{"resumed":false,"version":772,"cipher_suite":4865,'
    b'"proto":"h2","server_name":"shop.example.org"}},"bytes_read":0,"user_id":"","duration":'
    b'0.000929675,"size":10900,"status":200,"resp_headers":{"Server":["Caddy"],"Vary":["Accept"]}}'
)
# As Caddy 2.0 to 2.4 did.
CADDY_OLD = (
    b'{"level":"info","ts":1752660001.7687502,"logger":"http.log.access","msg":"handled request",'
    b'"request":{"method":"GET","uri":"/a?b=c","proto":"HTTP/2.0","remote_addr":"192.0.2.7:50876",'
    b'"host":"shop.example.org","headers":{"User-Agent":["curl/7.64.1"]}},"common_log":"192.0.2.7 -'
    b' - [16/Jul/2025:10:00:01 +0000] \\"GET /a?b=c HTTP/2.0\\" 200 16","duration":0.000014711,'
    b'"size":16,"status":200,"resp_headers":{"Server":["Caddy"]}}'
)
CADDY_CONSOLE = (
    b"2025/07/16 10:00:01.123\t\x1b[34mINFO\x1b[0m\thttp.log.access.log0\thandled request\t"
    b'{"request": {"remote_ip": "192.0.2.7", "method": "GET", "host": "shop.example.org", "uri": '
    b'"/a?b=c", "headers": {"Accept": ["*/*"]}}, "duration": 0.0001, "size": 5, "status": 200}'
)
TRAEFIK = (
    b'{"ClientAddr":"192.0.2.7:40126","ClientHost":"192.0.2.7","ClientPort":"40126","ClientUsername":'
    b'"-","DownstreamContentSize":2099,"DownstreamStatus":200,"Duration":1811271,"OriginContentSize":'
    b'2099,"OriginDuration":1564210,"OriginStatus":200,"Overhead":247061,"RequestAddr":'
    b'"shop.example.org:8443","RequestContentSize":0,"RequestCount":103109,"RequestHost":'
    b'"shop.example.org","RequestMethod":"GET","RequestPath":"/a?b=c","RequestPort":"8443",'
    b'"RequestProtocol":"HTTP/2.0","RequestScheme":"https","RetryAttempts":0,"RouterName":"a@docker",'
    b'"ServiceAddr":"192.0.2.8:80","ServiceName":"a@docker","ServiceURL":"http://192.0.2.8:80",'
    b'"StartLocal":"2025-07-16T11:59:59.503803974+02:00","StartUTC":"2025-07-16T09:59:59.503803974Z",'
    b'"TLSVersion":"1.3","entryPointName":"https","level":"info","msg":"","time":'
    b'"2025-07-16T12:00:00+02:00"}'
)


def caddy(line: bytes, host: str = "") -> View | Skip:
    return Caddy(lambda: NOW, Reading(host)).parse(line)


def traefik(line: bytes) -> View | Skip:
    return Traefik(lambda: NOW, Reading()).parse(line)


def parse(line: bytes | dict[str, Any], fields: str = "", host: str = "") -> View | Skip:
    raw = line if isinstance(line, bytes) else json.dumps(line, ensure_ascii=False).encode()
    reading = Reading(host, fields=named(fields) if fields else ())
    return JsonLines(lambda: NOW, reading).parse(raw)


@pytest.mark.parametrize("line", [CADDY, CADDY_OLD, CADDY_CONSOLE])
def test_lines_of_caddy(line: bytes) -> None:
    assert caddy(line) == View("shop.example.org/a", TEN)
    assert caddy(line, "other.test") == View("other.test/a", TEN)


@pytest.mark.parametrize(
    "moment",
    [
        *("1.7526600e9", "1752660001524.1025", "1752660001524102400", '"2025-07-16T10:00:01.524Z"'),
        *('"2025-07-16T12:00:01.524+0200"', '"2025-07-16T10:00:01Z"', '"2025/07/16 10:00:01"'),
        *('"2025-07-16T10:00:01.524102400Z"', '"2025/07/16 10:00:01.524"', '"1752660001"'),
        *('"2025/07/16 10:00:01.524102400"', '"16/Jul/2025:12:00:01 +0200"'),
    ],
)
@pytest.mark.parametrize("key", [b"ts", b"time", b"timestamp"])
def test_each_time_format_of_caddy(moment: str, key: bytes) -> None:
    line = CADDY.replace(b'"ts":1752660001.524102', b'"%s":%s' % (key, moment.encode()))
    assert caddy(line) == View("shop.example.org/a", TEN)


@pytest.mark.parametrize(
    "line",
    [
        b'{"level":"info","ts":1752660001.5,"msg":"serving initial configuration"}',
        b'{"level":"info","ts":1752660001.5,"logger":"tls.cache.maintenance","msg":"started"}',
        # Both name a request and its status, and say again what the access log says.
        CADDY.replace(b"http.log.access.log0", b"http.log.error.log0"),
        CADDY.replace(b"http.log.access.log0", b"http.handlers.reverse_proxy"),
        CADDY.replace(b'"logger":"http.log.access.log0",', b"").replace(b"handled request", b"x"),
        CADDY_CONSOLE.replace(b"http.log.access.log0", b"http.log.error.log0"),
        TRAEFIK,
        b"{}",
    ],
)
def test_what_else_caddy_tells_is_no_request(line: bytes) -> None:
    assert caddy(line) is Skip.NO_REQUEST
    if line != TRAEFIK:
        assert parse(line) is Skip.NO_REQUEST


def test_an_access_log_of_caddy_without_logger_is_known_by_what_it_says() -> None:
    line = CADDY.replace(b'"logger":"http.log.access.log0",', b"")
    assert caddy(line) == View("shop.example.org/a", TEN)
    assert caddy(line.replace(b'"msg":"handled request",', b"")) == View("shop.example.org/a", TEN)


def test_lines_of_traefik_count_when_the_request_began() -> None:
    assert traefik(TRAEFIK) == View("shop.example.org/a", TEN - 1)


@pytest.mark.parametrize(
    ("host", "page"),
    [
        *((b"192.0.2.7", "192.0.2.7/a"), (b"[2001:DB8::1]:443", "[2001:db8::1]/a")),
        *((b"", "/a"), (b"a b", "/a"), (b"evil/x", "/a"), (b"x.org.:", "x.org/a")),
    ],
)
def test_a_host_may_be_an_address_where_it_is_the_host(host: bytes, page: str) -> None:
    assert caddy(CADDY.replace(b"Shop.Example.org:8443", host)) == View(page, TEN)
    line = TRAEFIK.replace(b"shop.example.org", host).replace(b":8443", b"")
    assert traefik(line) == View(page, TEN - 1)
    members = {**NGINX, "method": "GET", "uri": "/a", "at": host.decode()}
    assert parse(members, "host=at") == View(page, TEN)


def test_fields_that_traefik_was_told_to_drop_are_made_up_for() -> None:
    line = json.loads(TRAEFIK)
    for name in ("StartUTC", "StartLocal", "DownstreamStatus", "RequestHost"):
        del line[name]
    assert traefik(json.dumps(line).encode()) == View("shop.example.org/a", TEN)


def test_what_the_client_got_counts() -> None:
    for status in (b"404", b"0", b"499"):
        line = TRAEFIK.replace(b'"DownstreamStatus":200', b'"DownstreamStatus":' + status)
        assert traefik(line) is Skip.OTHER_STATUS
    line = TRAEFIK.replace(b'"OriginStatus":200', b'"OriginStatus":502')
    assert traefik(line) == View("shop.example.org/a", TEN - 1)


def test_what_else_traefik_tells_is_no_request() -> None:
    line = b'{"level":"info","msg":"Configuration loaded","time":"2025-07-16T10:00:00Z"}'
    assert traefik(line) is Skip.NO_REQUEST


NGINX = {"time_iso8601": "2025-07-16T12:00:00+02:00", "status": "200"}


@pytest.mark.parametrize(
    ("members", "page"),
    [
        ({"request": "GET /a?b=c HTTP/1.1"}, "/a"),
        ({"request": "GET /a?b=c HTTP/1.1", "request_method": "GET", "uri": "/index.html"}, "/a"),
        ({"request_method": "GET", "request_uri": "/a?b=c", "uri": "/index.html"}, "/a"),
        ({"method": "GET", "uri": "/a", "args": "b=c"}, "/a"),
        ({"request_method": "GET", "uri": "/a", "server_name": "_"}, "/a"),
        (
            {"request_method": "GET", "uri": "/a", "host": "192.0.2.7", "server_name": "x.org"},
            "x.org/a",
        ),
        (
            {"request_method": "GET", "uri": "/a", "http_host": "X.org.:80", "host": "web-1"},
            "x.org/a",
        ),
        ({"request_method": "GET", "uri": "/a", "host": "192.0.2.7"}, "/a"),
        ({"request_method": "GET", "uri": "/a", "host": "a b"}, "/a"),
        ({"request_method": "GET", "uri": "/a", "host": "-"}, "/a"),
        ({"request_method": "GET", "url": "https://u:p@X.org:444/a?b"}, "x.org/a"),
        ({"request_method": "GET", "url": "https://X.org/a", "host": "192.0.2.7"}, "x.org/a"),
        ({"request_method": "GET", "url": "https://192.0.2.8:81/a"}, "192.0.2.8/a"),
        ({"request_method": "GET", "request_uri": "/caf\u00e9"}, "/caf\u00e9"),
        ({"request_method": "GET", "request_uri": "/a\\x41"}, "/a\\x41"),
    ],
)
def test_members_with_names_of_nginx(members: dict[str, str], page: str) -> None:
    assert parse({**NGINX, **members}) == View(page, TEN)


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ({"request": "POST /a HTTP/1.1"}, Skip.NOT_GET),
        ({"request": "GET /a HTTP/1.1", "status": 404}, Skip.OTHER_STATUS),
        ({"request": "GET /a HTTP/1.1", "status": "2000"}, Skip.NO_STATUS),
        ({"request": "GET /a HTTP/1.1", "status": 404.0}, Skip.OTHER_STATUS),
        ({"request": "GET /a HTTP/1.1", "status": "404 Not Found"}, Skip.OTHER_STATUS),
        ({"request": "GET /a HTTP/1.1", "status": 200.5}, Skip.NO_REQUEST),
        ({"request": "GET /a HTTP/1.1", "status": "started"}, Skip.NO_REQUEST),
        ({"request": "GET /a HTTP/1.1", "status": "9" * 9_000}, Skip.NO_STATUS),
        ({"request": "GET /a HTTP/1.1", "status": "-"}, Skip.NO_REQUEST),
        ({"request": "GET /a HTTP/1.1", "time_iso8601": "x"}, Skip.TIMESTAMP),
        ({"request": "GET /a HTTP/1.1", "time_iso8601": "2025-07-16T11:00:01Z"}, Skip.FUTURE),
        ({"request": "", "status": "400"}, Skip.MALFORMED_REQUEST),
        ({"request_method": "", "request_uri": "", "status": "400"}, Skip.MALFORMED_REQUEST),
        ({"request": "\x16\x03\x01", "status": "400"}, Skip.MALFORMED_REQUEST),
        ({"request_method": "GET"}, Skip.NO_REQUEST),
        ({"request_uri": "/a"}, Skip.NO_REQUEST),
        ({"request": {"id": 5}}, Skip.NO_REQUEST),
        ({"request": "GET /\n HTTP/1.1"}, Skip.CONTROL),
    ],
)
def test_what_is_no_view_has_a_reason(members: dict[str, Any], reason: Skip) -> None:
    assert parse({**NGINX, **members}) is reason


@pytest.mark.parametrize(
    "line",
    [
        # Elastic Common Schema, as objects and with dots.
        {
            "@timestamp": "2025-07-16T10:00:00.000Z",
            "http": {"request": {"method": "get"}, "response": {"status_code": 200}},
            "url": {"path": "/a", "query": "b=c", "domain": "x.org"},
            "host": {"name": "web-1"},
        },
        {
            "@timestamp": "2025-07-16T10:00:00.000Z",
            "http.request.method": "GET",
            "http.response.status_code": 200,
            "url.original": "/a?b=c",
            "url.domain": "x.org",
        },
        # Google Cloud's load balancers.
        {
            "timestamp": "2025-07-16T10:00:00.123456789Z",
            "httpRequest": {
                "requestMethod": "GET",
                "requestUrl": "https://x.org/a?b=c",
                "status": 200,
            },
        },
        # Envoy as Istio sets it up.
        {
            "start_time": "2025-07-16T10:00:00.123Z",
            "method": "GET",
            "path": "/a?b=c",
            "response_code": 200,
            "authority": "x.org:443",
        },
        # pino-http.
        {
            "level": 30,
            "time": 1_752_660_000_123,
            "msg": "request completed",
            "req": {"id": 1, "method": "GET", "url": "/a?b=c", "headers": {"host": "x.org"}},
            "res": {"statusCode": 200},
        },
        # Cloudflare's Logpush.
        {
            "EdgeStartTimestamp": 1_752_660_000_123_000_000,
            "ClientRequestMethod": "GET",
            "ClientRequestURI": "/a?b=c",
            "ClientRequestHost": "x.org",
            "EdgeResponseStatus": 200,
        },
        # API Gateway.
        {
            "requestTime": "16/Jul/2025:10:00:00 +0000",
            "httpMethod": "GET",
            "path": "/a",
            "status": "200",
            "domainName": "x.org",
        },
    ],
)
def test_usual_names_of_others(line: dict[str, Any]) -> None:
    assert parse(line) == View("x.org/a", TEN)


@pytest.mark.parametrize(
    ("line", "fields", "page"),
    [
        (
            {"at": NOW, "verb": "GET", "req": {"path": "/a"}, "code": 200, "site": "X.org"},
            "time=at,method=verb,target=req.path,status=code,host=site",
            "x.org/a",
        ),
        (
            {"t": NOW, "http": {"line": "GET /a?b HTTP/1.1"}, "status": 200},
            "time=t,request=http.line",
            "/a",
        ),
        ({**NGINX, "request": "GET /a HTTP/1.1", "request_uri": "/b"}, "request=request", "/a"),
        ({**NGINX, "method": "GET", "request_uri": "/b", "p": "/a"}, "target=p", "/a"),
        ({**NGINX, "method": "GET", "request_uri": "/a", "host": "x.org"}, "host=", "/a"),
        ({**NGINX, "method": "GET", "a.b": "/a"}, " target = a.b , host= ", "/a"),
    ],
)
def test_members_that_are_named(line: dict[str, Any], fields: str, page: str) -> None:
    assert parse(line, fields) == View(page, TEN)


def test_a_named_query_is_kept_behind_the_target() -> None:
    line = {**NGINX, "method": "GET", "p": "/a", "q": "?b=c"}
    reading = Reading(query="keep", fields=named("target=p,query=q"))
    found = JsonLines(lambda: NOW, reading).parse(json.dumps(line).encode())
    assert found == View("/a?b=c", TEN)


@pytest.mark.parametrize(
    "text",
    [
        *("x", "time", "=a", "client=a", "time=a,,status=b", "time=a,time=b", "target=a,request=b"),
        *(",", "", "time=a,"),
    ],
)
def test_fields_that_cannot_be_meant_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"name|once"):
        named(text)


LINE = b'{"time":"2025-07-16T10:00:00Z","request":"GET /a HTTP/1.1","status":200%s}'


@pytest.mark.parametrize(
    "rest",
    [
        *(b',"x":-', b',"x":', b',"x":,"y":1', b',"x":0.001, 0.002,"y":-,"z":[1,{"a":-}]', b","),
        *(b',"x":"\\x22\\x5C\\x09"', b',"x":"\xff\xe9"', b',"x":"a\tb"', b',"x":NaN', b',"x":007'),
        *(b',"x":' + b"9" * 5_000, b',"x":1e999999', b',"x":"\\ud800"', b',"x":10:00:00,"y":2'),
        *(b',"x":{"x":1,"x":2},"status":200', b',"request":"GET /a HTTP/1.1"'),
    ],
)
def test_what_is_not_used_costs_no_view(rest: bytes) -> None:
    assert parse(LINE % rest) == View("/a", TEN)


@pytest.mark.parametrize(
    "rest",
    [
        *(b',"agent":"Mozilla/5.0 (Wind', b',"agent":"a\\', b',"agent":{"a":["b","c', b',"n":1234'),
        *(b',"agent":', b',"agent', b',"x":[[[{"a":1,'),
    ],
)
def test_a_line_that_was_cut_off_behind_what_is_used(rest: bytes) -> None:
    assert parse((LINE % rest).removesuffix(b"}")) == View("/a", TEN)


def test_what_was_cut_off_itself_is_not_used() -> None:
    line = b'{"time":"2025-07-16T10:00:00Z","status":200,"request":"GET /a HTTP/1.1"}'
    for end in range(len(line)):
        assert parse(line[:end]) in {Skip.EMPTY, Skip.MALFORMED_LINE}, line[:end]


@pytest.mark.parametrize(
    "escaped",
    [
        b"/caf\\xC3\\xA9\\x22\\x5C",
        b"/caf\xc3\xa9\\u0022\\\\",
        b'/caf\\u00e9\\"\\x5c',
        b"/caf\xe9\\x22\\x5C",
    ],
)
def test_the_escapes_of_nginx_are_undone(escaped: bytes) -> None:
    line = LINE.replace(b"/a ", escaped + b" ") % b',"x":-'
    assert parse(line) == View('/caf\u00e9"\\', TEN)


@pytest.mark.parametrize("member", [b'"status":404', b'"request":"GET /b HTTP/1.1"', b'"time":"x"'])
def test_a_member_that_says_two_things_counts_nothing(member: bytes) -> None:
    assert parse(LINE % (b"," + member)) is Skip.TWICE


def test_a_host_given_twice_is_no_matter_where_it_is_not_read() -> None:
    line = LINE % b',"host":"a.org","host":"b.org"'
    assert parse(line) is Skip.TWICE
    assert parse(line, host="c.org") == View("c.org/a", TEN)
    assert parse(line, "host=") == View("/a", TEN)


@pytest.mark.parametrize(
    ("before", "behind"),
    [
        (b"", b"\r"),
        (b"[", b","),
        (b"", b"]"),
        (b"Jul 16 10:00:00 web nginx: ", b""),
        (b"<190>Jul 16 10:00:00 web {nginx}: @cee: ", b" "),
        (b"web-1  | ", b""),
        (b"2025-07-16T10:00:00.1Z ", b""),
        (b"", b' {"annotated":true}'),
        (b"", b" trailing words"),
    ],
)
def test_what_stands_around_the_object(before: bytes, behind: bytes) -> None:
    assert parse(before + LINE % b"" + behind) == View("/a", TEN)


def test_two_records_on_one_line_are_told() -> None:
    assert parse(LINE % b"" + LINE % b"") is Skip.JOINED
    assert parse(LINE % b',"x":-' + LINE % b',"x":-') is Skip.JOINED
    assert caddy(CADDY + CADDY) is Skip.JOINED


@pytest.mark.parametrize(
    "line",
    [
        b"nothing",
        b"{",
        b'{"',
        b"[1]",
        b"12",
        b'{"a"}',
        b'192.0.2.7 - - [x] "GET /{" 200',
        b'"a":1}',
    ],
)
def test_what_is_no_json_is_malformed(line: bytes) -> None:
    assert parse(line) is Skip.MALFORMED_LINE


def test_empty_and_long_lines() -> None:
    assert parse(b" \r") is Skip.EMPTY
    assert parse(LINE % b" " + b" " * MAX_LINE_BYTES) is Skip.LONG_LINE


SIZE = MAX_LINE_BYTES - 200
HOSTILE = [
    *(b'{"a":' * (SIZE // 5), b"[" * SIZE, b"{" * SIZE, b'{"' * (SIZE // 2), b"\\" * SIZE),
    *(b'{"' + b"\\" * SIZE, b'{"' + b'\\"' * (SIZE // 2), b'{"a":"' + b"\\x22" * (SIZE // 4)),
    *(b'{"a":' + b"[" * SIZE, b'{"a":' + b"1," * (SIZE // 2), b'{"a":' + b" " * SIZE),
    *(b'{"a":' + b"9" * SIZE, b'{"a":' + b"{},{}," * (SIZE // 6), b"{" + b" " * SIZE + b'"'),
    *(b'{"a":1,' * (SIZE // 7), b"{ " * (SIZE // 2), b'{"request":"GET ' + b" " * SIZE + b'"}'),
    *(b'{"x":"a" ' + b'"a":' * (SIZE // 4), b'{"a":{"a":1,"a":' * (SIZE // 16)),
    b"{" + b",".join(b'"a":{"b":%d}' % i for i in range(SIZE // 13)) + b"}",
    LINE % (b',"a":' + b"[" * (SIZE // 2) + b"]" * (SIZE // 2)),
    *(LINE % b',"x":-' * (SIZE // 90), LINE % b"" * (SIZE // 90), b'{"a":-}' * (SIZE // 7)),
]


@pytest.mark.parametrize("line", HOSTILE, ids=range(len(HOSTILE)))
def test_long_lines_cost_little_whatever_they_are(line: bytes) -> None:
    parsers = [one(lambda: NOW, Reading()) for one in (Caddy, Traefik, JsonLines)]
    begun = perf_counter()
    for parser in parsers:
        assert isinstance(parser.parse(line), Skip | View)
    assert perf_counter() - begun < 5.0


_TEXTS = st.text(max_size=8)
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | _TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXTS, inner, max_size=3),
    max_leaves=6,
)


@given(_VALUES, st.integers(min_value=0))
def test_objects_are_read_whatever_else_is_in_them(other: Any, end: int) -> None:
    used = {"time": "2025-07-16T10:00:00Z", "request": "GET /a HTTP/1.1", "status": 200}
    line = json.dumps({"x": other, **used}).encode()
    assert parse(line) == View("/a", TEN)
    assert isinstance(parse(line[: end % len(line)]), Skip)


@given(
    st.binary()
    | st.lists(
        st.sampled_from([b"{", b"}", b"[", b"]", b'"', b"\\", b":", b",", b"-", b"\\x", b'"time"'])
    ).map(lambda pieces: b"{" + b"".join(pieces))
)
def test_no_bytes_raise(line: bytes) -> None:
    for parser in (Caddy, Traefik, JsonLines):
        found = parser(lambda: NOW, Reading()).parse(line)
        assert isinstance(found, Skip | View)


@pytest.mark.parametrize("status", [200, 200.0, "200", "200.0", "200 OK", " 200 "])
def test_a_status_is_a_number_however_it_is_written(status: int | float | str) -> None:
    line = json.dumps(NGINX | {"request": "GET /a HTTP/1.1", "status": status}).encode()
    assert JsonLines(lambda: NOW, Reading()).parse(line) == View("/a", TEN)
