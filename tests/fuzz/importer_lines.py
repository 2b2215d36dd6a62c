"""No line of an import raises, whatever its bytes: `one` is called with each."""

from contextlib import suppress

from domain.agents.labels import label_of
from importer.access_log import AccessLog
from importer.agents import LABEL
from importer.counts import Counts
from importer.formats.choice import FORMATS, Parser
from importer.formats.format_fields import FormatFault
from importer.formats.format_string import FormatString
from importer.formats.json_lines import JsonLines
from importer.formats.moments import seconds_of
from importer.formats.wrapped import Wrapped
from importer.requests import Reading
from importer.views import Skip, View

NOW = 1_752_660_000.0  # 2025-07-16T10:00:00Z

_WITH = Reading(agents=LABEL)
SEEDS: list[bytes] = [
    b'192.0.2.7 - - [16/Jul/2025:10:00:00 +0000] "GET /a?b=c HTTP/1.1" 200 512 "-" "agent"',
    b'shop.example.org:443 ::1 - - [2025-07-16T10:00:00Z] 7 "GET /caf\\xc3\\xa9" 304 - "-',
    b'web-1 | h - user[7] [ 6/jul/2025 10:00:00.5] (0 s) "GET http://h/x;a=1 HTTP/2" 206 1 0.004',
    b'::1 h.org - [Wed Jul 16 10:00:00.1 UTC 2025] "\x1b[32mGET /a"b HTTP/1.1\x1b[0m" "200" -1',
    b'access.log:1:::1,-,"[1752660000.123]","GET ?a HTTP/1.1",200,0.004,"-"',
    b"+---+\n| page | hour | views |\n|---|:--|\n| a | 2025-07-16 10:00 | 5 |",
    b"timestamp,page,count\n2025-07-16 10:00:00+00,example.com/x,5",
    b'Pageviews;URL;Date\n"1,234";a;1752660000',
    b"\xef\xbb\xbf2025-07-16 10:00:00 UTC\tc\\\\d\t5.0",
    b"#Fields: date time cs-method cs-uri-stem cs-uri-query cs-host sc-status\n"
    b"2025-07-16 09:00:00 GET /a b=c shop.example.org:443 200",
    b"#Fields: date time x-edge-location cs-method cs-uri-stem sc-status x-host-header\n"
    b"2025-07-16\t09:00:00\tFRA56-P1\tGET\t/caf%25C3%25A9\t200\tshop.example.org",
    b"h2 2025-07-16T09:00:00.1Z app/x/1 192.0.2.7:1 - -1 -1 -1 200 - 0 1 "
    b'"GET https://shop.example.org:443/a?b HTTP/2.0" "agent" - -',
    b"$msec $status $host$uri$is_args$args $request_method\n"
    b"1752660000.123 200 shop.example.org/a- GET",
    b'%{%d/%b/%Y %T}t.%{msec_frac}t %{%z}t "%r" %>s\n'
    b'16/Jul/2025 12:00:00.1 +0200 "GET /a HTTP/1.1" 200',
    b'{"ts":1.75266e9,"logger":"http.log.access","msg":"handled request","request":{"method":"GET",'
    b'"host":"h:80","uri":"/a?b"},"status":200}',
    b'x: {"StartUTC":"2025-07-16T10:00:00.5Z","RequestMethod":"GET","RequestPath":"/","RequestHost"'
    b':"h","DownstreamStatus":200,"OriginStatus":0}{"a":[1,{"b":null}]}',
    b'{"msec":1752660000.123,"request":"GET /\\xc3\\x22 HTTP/1.1","status":200,"t":-,"u":,"host":'
    b'"_"',
    b'{"log":"{\\"time\\":\\"[16/Jul/2025:10:00:00 +0000]\\",\\"method\\":\\"GET\\",\\"url\\":'
    b'\\"http://h/\\",\\"status\\":200}\\n","stream":"stdout","time":"2025-07-16T10:00:00Z"}',
    b'2025-07-16T10:00:00.1Z stdout P 2025/07/16 10:00:00\t\t\t\t{"a":1,"a":2}',
]


def one(data: bytes) -> None:
    """Every line of `data` as each parser reads it, the first as a format string of the others."""
    parsers: list[Parser] = [
        AccessLog(lambda: NOW, Reading("example.com", pages_only=True)),
        Counts(lambda: NOW),
        *(form.make(lambda: NOW, _WITH) for form in FORMATS.values() if form.is_log),
        FormatString(lambda: NOW, Reading(log_format="main", agents=LABEL)),
        JsonLines(lambda: NOW, Reading(fields=(("time", "msec"), ("target", "a.b")))),
    ]
    text = data.partition(b"\n")[0].decode(errors="surrogateescape")
    with suppress(FormatFault):
        parsers.append(FormatString(lambda: NOW, _WITH._replace(log_format=text or "common")))
    wrapped = Wrapped()
    for line in data.split(b"\n"):
        for form in FORMATS.values():
            form.recognises(line)
        seconds_of(line)
        line = wrapped.line_in(line) or b""
        for parser in parsers:
            found = parser.parse(line)
            if not isinstance(found, View | Skip):
                raise TypeError(f"{found!r} is neither a view nor a reason")
            if isinstance(found, View):
                found.page.encode()
                assert label_of(found.agent) == found.agent
