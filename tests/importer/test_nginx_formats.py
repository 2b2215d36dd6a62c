"""Format strings by what a real nginx writes with them."""

import http.client
import time
from pathlib import Path

import pytest

from importer.formats.format_string import FormatString
from importer.requests import Reading
from importer.views import View
from tests.importer.nginx import access_logs, nginx

pytestmark = pytest.mark.nginx

FORMATS = {
    "decoded": "log_format decoded '$msec $status $request_method $uri$is_args$args $host';",
    "apart": "log_format apart '$time_iso8601|$http_host|$request_method|$uri|$args|$status|'\n"
    "    '\"$http_user_agent\"';",
    "address": "log_format address '$remote_user [$time_local] $scheme://$host$request_uri '\n"
    "    '\"$request_method\" $request_time $status';",
    "json": 'log_format json escape=json \'{"t":"$time_local","m":"$request_method",\'\n'
    '    \'"u":"$request_uri","s":$status,"h":"$host","ua":"$http_user_agent"}\';',
    "bare": 'log_format bare escape=none \'$host [$time_local] "$request" $status "$arg_x"\';',
}
TARGETS = {
    "/index.html": ("/index.html", "/index.html"),
    "/index.html?x=1": ("/index.html?x=1", "/index.html?x=1"),
    "/a%20b": ("/a%20b", "/a b"),
    "/caf%C3%A9-": ("/caf%C3%A9-", "/café-"),
    "/say%22hi": ("/say%22hi", '/say"hi'),
}
AGENT = 'agent" [16/Jul/2025:10:00:00 +0000] "GET /fake HTTP/1.1" 200 5'


def test_what_nginx_writes_is_read_by_what_it_was_told(tmp_path: Path) -> None:
    server = f"{access_logs(tmp_path, FORMATS)} location / {{ return 200 x; }}"
    with nginx(tmp_path, "\n".join(FORMATS.values()), server) as port:
        for target in TARGETS:
            _get(port, target)
    for name, log_format in FORMATS.items():
        reading = Reading(query="keep", log_format=log_format)
        parser = FormatString(time.time, reading)
        lines = (tmp_path / f"{name}.log").read_bytes().split(b"\n")
        found = [parser.parse(line) for line in lines if b"GET" in line]
        is_decoded = name in {"decoded", "apart"}
        pages = [view.page if isinstance(view, View) else view.value for view in found]
        assert pages == ["shop.example.org" + read[is_decoded] for read in TARGETS.values()], name


def _get(port: int, target: str) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", target, headers={"Host": "Shop.example.org:81", "User-Agent": AGENT})
    assert connection.getresponse().status == 200
    connection.close()
