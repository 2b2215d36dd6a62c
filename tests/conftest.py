"""Fixtures shared by all tests, and what is said about tests that could not run."""

import os
import uuid
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from cli.wiring.migrate import migrate
from domain.events import Partition
from domain.partitioning import stream_name
from domain.settings import Settings
from log.rabbitmq.broker import connect
from tests.servers import (
    PrivatePostgres,
    PrivateRabbitMQ,
    caddy_binary,
    chromium_binary,
    haproxy_binary,
    nginx_binary,
    node_binary,
    npm_command,
    pgbouncer_binary,
    postgres_url,
    rabbitmq_url,
    reachable,
)
from tests.templates import fill, remove_templates
from tests.templates import postgres_database as postgres_database

PARTITIONS = 3
# What a test may raise their number to.
MOST_PARTITIONS = 8

hypothesis_settings.register_profile(
    "ci", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)
hypothesis_settings.load_profile("ci")

_LEFT_OUT = "left out"


@cache
def _has_servers_of_its_own(file: str) -> bool:
    return "private_servers" in (Path(__file__).parents[1] / file).read_text()


def _group(test: str) -> str:
    """Tests of a group run one after another, in the process that holds what they share.

    Servers that are started, killed and frozen take all the machine has: one such test at a time.
    """
    file = test.partition("::")[0]
    if file.startswith(("tests/integration/", "tests/acceptance/test_outages.py")):
        return "servers of their own" if _has_servers_of_its_own(file) else file
    if file.startswith("tests/upgrades/"):
        return "processes of several versions"
    if file.startswith("tests/browser/"):
        return "a browser"
    if file.startswith("tests/dashboard/"):
        # They share a browser and a service.
        return file
    return test


# What takes longest begins first, so that no process is left with it at the end.
_ORDER = (
    "tests/integration/",
    "tests/acceptance/test_outages.py",
    "tests/upgrades/",
    "tests/acceptance/",
    "tests/browser/",
    "tests/dashboard/",
    "tests/deploy/",
    "tests/migrations/",
    "tests/contract/",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    def place(item: pytest.Item) -> int:
        found = (n for n, folder in enumerate(_ORDER) if item.nodeid.startswith(folder))
        return next(found, len(_ORDER))

    items.sort(key=place)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    # Marks would say it beside the tests, but pytest 9.2 does not let xdist 3.8 pass them on.
    from xdist.scheduler import LoadScopeScheduling

    # It would begin with the groups that have most tests.
    config.option.loadscopereorder = False
    grouped = type("Grouped", (LoadScopeScheduling,), {"_split_scope": staticmethod(_group)})
    return grouped(config, log)


_BINARIES: Mapping[str, tuple[str, Callable[[], object]]] = {
    "nginx": ("nginx", nginx_binary),
    "pgbouncer": ("PgBouncer", pgbouncer_binary),
    "caddy": ("Caddy", caddy_binary),
    "haproxy": ("HAProxy", haproxy_binary),
    "chromium": ("Chromium", chromium_binary),
    "npm": ("npm", npm_command),
    "node": ("node", node_binary),
}
"""Marks of tests that need a program: its name, and what finds it."""


def _missing(item: pytest.Item) -> list[str]:
    missing = []
    if item.get_closest_marker("postgres") and not reachable(postgres_url()):
        missing.append("PostgreSQL")
    if item.get_closest_marker("rabbitmq") and not reachable(rabbitmq_url()):
        missing.append("RabbitMQ")
    installed = PrivatePostgres.binaries() and PrivateRabbitMQ.binary()
    if item.get_closest_marker("private_servers") and not installed:
        missing.append("installed PostgreSQL and RabbitMQ binaries")
    for mark, (name, binary) in _BINARIES.items():
        if item.get_closest_marker(mark) and binary() is None:
            missing.append(name)
    return missing


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    missing = _missing(item)
    if not missing:
        return
    # What a report carries comes from the workers of a parallel run too.
    item.user_properties.extend((_LEFT_OUT, name) for name in missing)
    reason = f"no {' and '.join(missing)}"
    if os.environ.get("CI") == "true":
        pytest.fail(f"{reason}: nothing may be left out with CI=true", pytrace=False)
    pytest.skip(reason)


def pytest_sessionfinish() -> None:
    remove_templates()


def pytest_terminal_summary(terminalreporter: Any) -> None:
    reports = [*terminalreporter.getreports("skipped"), *terminalreporter.getreports("error")]
    properties = [found for report in reports for found in getattr(report, "user_properties", ())]
    if left_out := {name for key, name in properties if key == _LEFT_OUT}:
        names = " and ".join(sorted(left_out))
        terminalreporter.section("LEFT OUT", sep="!", red=True)
        terminalreporter.line(
            f"Tests that need {names} did not run. `make services` starts servers, "
            "`make services INSTALL=1` installs what is missing."
        )


def embedded(tmp_path: Path) -> Settings:
    """Settings of the embedded backend in a folder of the test's own."""
    return Settings(data_dir=tmp_path / "data", num_partitions=PARTITIONS, flush_interval_ms=50)


@asynccontextmanager
async def stream_prefix() -> AsyncIterator[str]:
    """A prefix of streams that are deleted afterwards."""
    prefix = f"footfall-test-{uuid.uuid4().hex[:12]}"
    yield prefix
    connection = await connect(rabbitmq_url(), "footfall tests")
    async with connection, connection.channel() as channel:
        for partition in range(MOST_PARTITIONS):
            await channel.queue_delete(stream_name(prefix, Partition(partition)))


@asynccontextmanager
async def production_backend(tmp_path: Path) -> AsyncIterator[Settings]:
    """Settings of RabbitMQ and PostgreSQL, migrated and empty."""
    async with (
        postgres_database(migrated=True) as database_url,
        stream_prefix() as prefix,
    ):
        settings = replace(
            embedded(tmp_path),
            database_url=database_url,
            rabbitmq_url=rabbitmq_url(),
            stream_prefix=prefix,
        )
        await migrate(settings)
        yield settings


@pytest.fixture
async def production(tmp_path: Path) -> AsyncIterator[Settings]:
    """Only RabbitMQ and PostgreSQL; mark the test with both."""
    async with production_backend(tmp_path) as settings:
        yield settings


PRODUCTION = pytest.param("production", marks=[pytest.mark.postgres, pytest.mark.rabbitmq])


@asynccontextmanager
async def open_backend(name: str, tmp_path: Path) -> AsyncIterator[Settings]:
    """Embedded or production, migrated and empty."""
    if name == "embedded":
        settings = embedded(tmp_path)
        await fill(settings)
        await migrate(settings)
        yield settings
        return
    async with production_backend(tmp_path) as settings:
        yield settings


@pytest.fixture(params=["embedded", PRODUCTION])
async def backend(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Settings]:
    """Each backend in turn, migrated and empty."""
    async with open_backend(request.param, tmp_path) as settings:
        yield settings


@pytest.fixture(params=["fake", "embedded", PRODUCTION])
async def backend_or_fake(
    request: pytest.FixtureRequest, tmp_path: Path
) -> AsyncIterator[Settings | None]:
    """Each backend in turn, None for the fakes."""
    if request.param == "fake":
        yield None
        return
    async with open_backend(request.param, tmp_path) as settings:
        yield settings
