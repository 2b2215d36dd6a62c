"""A line for each request, without what is nobody's business."""

import asyncio
import logging
import re
from dataclasses import replace
from typing import Any

import pytest

from cli.wiring.front import access_log_of, front_of
from domain.settings import Settings
from tests.asgi import http_scope
from tests.unit.web.front import STRANGER, House
from web.access_log import LOGGER

LINE = re.compile(
    r"method=(\S+) path=(\S+) status=(\S+) bytes=(\S+) ms=(\d+\.\d|-) request=(\S+) key=(\S+)"
    r"(?: client=(\S+))?"
)
ASKED = replace(Settings(), access_log=True)


@pytest.fixture(autouse=True)
def told(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.INFO, LOGGER)
    return caplog


def lines(told: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in told.records if record.name == LOGGER]


def house(**settings: Any) -> House:
    return House(front_of(replace(ASKED, **settings)))


async def test_nothing_is_told_unless_somebody_asks_for_it(
    told: pytest.LogCaptureFixture,
) -> None:
    await House(front_of(Settings())).ask("GET", "/read")
    assert lines(told) == []


async def test_a_line_says_what_was_asked_and_what_came_of_it(
    told: pytest.LogCaptureFixture,
) -> None:
    found = await house().ask("GET", "/read", [(b"x-request-id", b"mine")], key="abc")
    (line,) = lines(told)
    fields = LINE.fullmatch(line)
    assert fields is not None, line
    assert fields.groups()[:4] == ("GET", "/read", "200", str(len(found.body)))
    assert fields.groups()[5:] == ("mine", "abc", None)


@pytest.mark.parametrize(
    ("method", "path", "begins"),
    [
        ("GET", "/named/my-secret", "method=GET path=/named/{name:str} status=200"),
        ("GET", "/my-secret", "method=GET path=- status=404"),
        ("GET", "/read/my-secret", "method=GET path=- status=404"),
        ("HEAD", "/pixel", "method=HEAD path=/pixel status=200 bytes=0"),
        ("OPTIONS", "/from-pages", "method=OPTIONS path=/from-pages status=204 bytes=0"),
        ("POST", "/read", "method=POST path=/read status=405"),
        ("GET", "/broken", "method=GET path=/broken status=500"),
        ("MY-SECRET", "/read", "method=- path=/read status=405"),
    ],
)
async def test_what_people_called_things_is_in_no_line(
    told: pytest.LogCaptureFixture, method: str, path: str, begins: str
) -> None:
    headers = [
        (b"authorization", b"Bearer my-secret"),
        (b"cookie", b"my-secret"),
        (b"x-request-id", b"my secret"),
        (b"referer", b"https://my-secret.example/"),
        (b"user-agent", b"my-secret"),
        (b"x-forwarded-for", b"198.51.100.1"),
    ]
    await house().ask(method, path, headers, query=b"page=my-secret&key=my-secret")
    (line,) = lines(told)
    assert line.startswith(begins)
    assert "secret" not in line.lower()
    assert STRANGER not in line
    assert "198.51" not in line


async def test_what_is_refused_in_front_is_told_as_well(told: pytest.LogCaptureFixture) -> None:
    flooded = house(rate_limit=1)
    for _ in range(11):
        await flooded.ask("POST", "/from-pages")
    assert "status=429" in lines(told)[-1]


async def test_addresses_are_told_where_they_are_asked_for(
    told: pytest.LogCaptureFixture,
) -> None:
    found = house(access_log_addresses=True, trusted_proxies="10.0.0.1")
    await found.ask("GET", "/read", client=STRANGER)
    await found.ask("GET", "/read", [(b"x-forwarded-for", b"[2001:db8::1]:1")], client="10.0.0.1")
    await found.ask("GET", "/read", client=None)
    fields = [LINE.fullmatch(line) for line in lines(told)]
    assert [each and each[8] for each in fields] == [STRANGER, "2001:db8::1", "-"]


async def test_a_client_that_goes_before_its_answer_is_told_too(
    told: pytest.LogCaptureFixture,
) -> None:
    found = house()
    asked = asyncio.Event()

    async def never() -> Any:
        asked.set()
        await asyncio.Event().wait()

    async def gone(_: Any) -> None:
        await never()

    scope = http_scope("GET", b"/read", [(b"host", b"localhost")])
    scope["client"] = (STRANGER, 1)
    asking = asyncio.create_task(found.app(scope, never, gone))
    await asked.wait()
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    (line,) = lines(told)
    assert line.startswith("method=GET path=/read status=")


def test_what_no_application_saw_has_a_line_without_a_path(
    told: pytest.LogCaptureFixture,
) -> None:
    access_log = access_log_of(ASKED)
    assert access_log is not None
    access_log.refused("", 400, b"abc")
    assert lines(told) == ["method=- path=- status=400 bytes=- ms=- request=abc key=-"]
