"""User agents of logs, in every format that has them."""

import json
from collections import Counter
from pathlib import Path

import pytest

from domain.agents.classes import Agent
from domain.agents.robots import class_of
from importer.access_log import AccessLog
from importer.formats.choice import FORMATS, Parser
from importer.formats.format_string import FormatString
from importer.requests import Reading
from importer.views import Skip, View
from tests.importer.conftest import Sent, Service, run, without_agents

DATA = Path(__file__).parents[1] / "data"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
PLAIN = FIREFOX.encode()
TIME = b"[16/Jul/2025:10:00:00 +0000]"
COMBINED = b'192.0.2.7 - - %s "GET /a HTTP/1.1" 200 512 "https://r.example/" "%s"'


def seconds() -> float:
    return 1_752_750_000.0


def agent_in(parser: Parser, *lines: bytes) -> str:
    found: View | Skip = Skip.EMPTY
    for line in lines:
        found = parser.parse(line)
    assert isinstance(found, View), found
    return found.agent


def full(name: str, log_format: str = "") -> Parser:
    reading = Reading(agents="full", log_format=log_format)
    if log_format:
        return FormatString(seconds, reading)
    parser: Parser = FORMATS[name].make(seconds, reading)
    return parser


@pytest.mark.parametrize(
    ("line", "agent"),
    [
        (COMBINED % (TIME, PLAIN), FIREFOX),
        (b"shop.example.org:443 " + COMBINED % (TIME, PLAIN), FIREFOX),
        (COMBINED % (TIME, PLAIN) + b' "192.0.2.9" 0.004', FIREFOX),
        (COMBINED % (TIME, rb"a \"b\" \\ caf\xc3\xa9"), 'a "b" \\ café'),
        (COMBINED % (TIME, b"-"), ""),
        (COMBINED % (TIME, b""), ""),
        (COMBINED % (TIME, rb"curl\x00"), ""),
        # Times that only the looser reading knows.
        (COMBINED % (b"[2025-07-16T10:00:00Z]", PLAIN), FIREFOX),
        (b'h - - %s "GET /a HTTP/1.1" 200 512' % TIME, ""),
        (b'h - - %s "GET /a HTTP/1.1" 200 512 "-" "cut off' % TIME, ""),
        (b'h - - %s "GET /a HTTP/1.1" 200 512 0.004 "who knows" "what this is"' % TIME, ""),
    ],
)
def test_in_combined_log_format_it_stands_behind_the_referrer(line: bytes, agent: str) -> None:
    assert agent_in(full("log"), line) == agent


@pytest.mark.parametrize(
    ("log_format", "line", "agent"),
    [
        ("combined", COMBINED % (TIME, PLAIN), FIREFOX),
        ("main", COMBINED % (TIME, PLAIN) + b' "-"', FIREFOX),
        ("$http_user_agent|$msec|$status|$request", b"curl/8|1752660000.500|200|GET /a", "curl/8"),
        (
            '$msec $status $request "$http_user_agent"',
            b'1752660000.500 200 GET /a "curl/8"',
            "curl/8",
        ),
        (
            '$status "$request" $time_local $http_user_agent',
            b'200 "GET /a HTTP/1.1" 16/Jul/2025:10:00:00 +0000 curl/8 and more',
            "curl/8 and more",
        ),
        ('%t "%r" %>s %b "%{User-agent}i"', TIME + b' "GET /a HTTP/1.1" 200 1 "a \\"b"', 'a "b'),
        # Nothing tells where it ends, or it was cut off: the view counts all the same.
        ("$msec $status $request|$http_user_agent$pid", b"1752660000.500 200 GET /a|curl/87", ""),
        ("combined", (COMBINED % (TIME, PLAIN))[:-10], ""),
        ("combined", COMBINED % (TIME, b"-"), ""),
    ],
)
def test_in_a_format_string_it_is_where_the_string_says(
    log_format: str, line: bytes, agent: str
) -> None:
    assert agent_in(full("log", log_format), line) == agent


def as_json(**members: object) -> bytes:
    return json.dumps(members).encode()


CADDY = {"ts": 1752660000.5, "logger": "http.log.access", "msg": "handled request", "status": 200}
NGINX = {"time_iso8601": "2025-07-16T10:00:00Z", "request": "GET /a HTTP/1.1", "status": 200}


@pytest.mark.parametrize(
    ("name", "line", "agent"),
    [
        (
            "caddy",
            as_json(
                **CADDY,
                request={"method": "GET", "uri": "/a", "headers": {"User-Agent": [FIREFOX]}},
            ),
            FIREFOX,
        ),
        (
            "traefik",
            as_json(
                StartUTC="2025-07-16T10:00:00Z",
                RequestMethod="GET",
                RequestPath="/a",
                DownstreamStatus=200,
                **{"request_User-Agent": FIREFOX},
            ),
            FIREFOX,
        ),
        ("json", as_json(**NGINX, http_user_agent=FIREFOX), FIREFOX),
        ("json", as_json(**NGINX, user_agent={"original": FIREFOX}), FIREFOX),
        ("json", as_json(**NGINX, agent={"name": "filebeat"}), ""),
        ("json", as_json(**NGINX, http_user_agent="-"), ""),
        ("json", as_json(**NGINX)[:-1] + b',"agent":"a","agent":"b"}', ""),
        (
            "elb",
            b"h2 2025-07-16T09:00:00.1Z app/x/1 192.0.2.7:1 - 0 0 0 200 - 0 1 "
            b'"GET https://h:443/a HTTP/2.0" "%s" - - "more"' % PLAIN,
            FIREFOX,
        ),
        (
            "elb",
            b"2025-07-16T09:00:00.1Z x 192.0.2.7:1 192.0.2.8:2 0 0 0 200 200 0 1 "
            b'"GET http://h:80/a HTTP/1.1" "-" - -',
            "",
        ),
    ],
)
def test_other_formats_have_a_place_for_it(name: str, line: bytes, agent: str) -> None:
    assert agent_in(full(name), line) == agent


def test_the_member_may_be_named() -> None:
    reading = Reading(agents="full", fields=(("agent", "client.program"),))
    parser: Parser = FORMATS["json"].make(seconds, reading)
    line = as_json(**NGINX, client={"program": "curl/8"}, http_user_agent="another")
    assert agent_in(parser, line) == "curl/8"


@pytest.mark.parametrize(
    ("name", "header", "line", "agent"),
    [
        (
            "w3c",
            b"#Fields: date time cs-method cs-uri-stem sc-status cs(User-Agent)",
            b"2025-07-16 09:00:00 GET /a 200 " + PLAIN.replace(b" ", b"+"),
            FIREFOX,
        ),
        (
            "w3c",
            b"#Fields: date time cs-method cs-uri-stem sc-status x cs(User-Agent)",
            b"2025-07-16 09:00:00 GET /a 200 x",
            "",
        ),
        (
            "w3c",
            b"",
            b"2025-07-16 09:00:00 192.0.2.1 GET /a - 443 - 192.0.2.7 curl/8 - 200 0 0 12",
            "curl/8",
        ),
        (
            "cloudfront",
            b"#Fields: date time x-edge-location cs-method cs-uri-stem sc-status cs(User-Agent)",
            b"2025-07-16\t09:00:00\tFRA\tGET\t/a\t200\tMozilla/5.0%2520(X11;%2520Linux)%2520a+b",
            "Mozilla/5.0 (X11; Linux) a+b",
        ),
        (
            "cloudfront",
            b"#Fields: date time x-edge-location cs-method cs-uri-stem sc-status cs(User-Agent)",
            b"2025-07-16\t09:00:00\tFRA\tGET\t/a\t200\tMozilla/5.0%20(X11;%20Linux)",
            "Mozilla/5.0 (X11; Linux)",
        ),
    ],
)
def test_columns_have_a_name_for_it(name: str, header: bytes, line: bytes, agent: str) -> None:
    assert agent_in(full(name), header, line) == agent


def test_by_itself_a_label_is_sent(service: Service, tmp_path: Path) -> None:
    path = tmp_path / "access.log"
    lines = [COMBINED % (TIME, agent) for agent in (PLAIN, PLAIN, b"curl/8.5.0", b"-")]
    path.write_bytes(b"\n".join(lines))
    assert run(path, "--to", service.url).exit_code == 0
    moment = "2025-07-16T10:00:00Z"
    counts = {"Firefox/128 (Linux)": 2, "curl": 1, "": 1}
    assert service.sent == [{"/a": {moment: counts}}]
    assert run(path, "--to", service.url, "--user-agents", "full").exit_code == 0
    assert service.sent[1:] == [{"/a": {moment: {FIREFOX: 2, "curl/8.5.0": 1, "": 1}}}]
    for option in (["--no-user-agents"], ["--user-agents", "none"]):
        service.sent.clear()
        assert run(path, "--to", service.url, *option).exit_code == 0
        assert service.sent == [{"/a": {moment: 4}}]


def test_counts_have_no_agents_and_need_no_option(service: Service, tmp_path: Path) -> None:
    path = tmp_path / "history.csv"
    path.write_text("2025-07-16T10:00:00Z,a,5\n")
    assert run(path, "--to", service.url, "--no-user-agents").exit_code == 0
    assert service.sent == [{"a": {"2025-07-16T10:00:00Z": 5}}]


def has_agents(body: Sent) -> bool:
    return body != without_agents(body)


def test_recorded_traffic_has_robots_and_persons(service: Service) -> None:
    """With agents and without the same is counted."""
    for option in ([], ["--no-user-agents"]):
        assert run(DATA / "elastic.log", "--to", service.url, *option).exit_code == 0
    with_agents = [body for body in service.sent if has_agents(body)]
    views: Counter[Agent] = Counter()
    for body in with_agents:
        for counts in body.values():
            for count in counts.values():
                by_agent = {"": count} if isinstance(count, int) else count
                for label, number in by_agent.items():
                    views[class_of(label, "label")] += number
    # As CrawlerDetect says it of the whole agents, but for one that was cut off.
    assert views == {Agent.PERSON: 776, Agent.ROBOT: 174, Agent.UNKNOWN: 4}
    sums = [Counter[str](), Counter[str]()]
    for body in service.sent:
        for page, numbers in without_agents(body).items():
            sums[has_agents(body)][page] += sum(numbers.values())
    assert sums[0] == sums[1]


def test_what_cannot_be_read_otherwise_is_a_view_with_an_agent_or_without() -> None:
    parser = AccessLog(seconds, Reading(agents="label"))
    for line in (DATA / "hackers.log").read_bytes().splitlines()[:200]:
        found = parser.parse(line)
        plain = AccessLog(seconds, Reading()).parse(line)
        assert isinstance(found, View) == isinstance(plain, View)
        if isinstance(found, View) and isinstance(plain, View):
            assert (found.page, found.hour) == (plain.page, plain.hour)
