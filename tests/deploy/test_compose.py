"""What docker-compose.yml promises, held to account without Docker."""

import ast
import asyncio
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import click
import pytest

from cli.main import main
from cli.processes.ending import DRAIN_SECONDS
from cli.wiring.migrate import migrate
from domain.settings import from_env
from tests.acceptance.processes import Role
from tests.conftest import embedded
from tests.deploy.compose import REPOSITORY, environment, interpolated, load, services
from tests.servers import free_port

SERVICES = services()
FOOTFALL = {name: service for name, service in SERVICES.items() if "build" in service}
WEB = ("ingest", "read-api")
# PORT of the image's default; what the front door and the health checks ask.
PORT = 3000
# Told already, harmless until the roles know it.
PLANNED = {"RETENTION_DAYS"}

each_service = pytest.mark.parametrize("name", SERVICES)
each_footfall = pytest.mark.parametrize("name", FOOTFALL)


def seconds(duration: str) -> int:
    assert duration.endswith("s"), duration
    return int(duration[:-1])


def test_every_part_is_there() -> None:
    assert set(FOOTFALL) == {"migrate", "ingest", "read-api", "projector"}
    assert set(SERVICES) - set(FOOTFALL) == {"postgres", "rabbitmq", "front-door"}
    assert SERVICES["projector"]["deploy"]["replicas"] == 2


@each_service
def test_a_service_comes_back_by_itself_unless_it_is_done(name: str) -> None:
    assert SERVICES[name]["restart"] == ("no" if name == "migrate" else "unless-stopped")


@each_service
def test_a_service_says_whether_it_is_healthy_or_why_not(name: str) -> None:
    service = SERVICES[name]
    assert ("healthcheck" in service) != ("x-no-healthcheck" in service)
    if "healthcheck" in service:
        assert set(service["healthcheck"]) == {
            "test", "interval", "timeout", "retries", "start_period"
        }  # fmt: skip


@each_service
def test_ports_are_bound_to_loopback(name: str) -> None:
    for port in SERVICES[name].get("ports", []):
        assert port.startswith("127.0.0.1:"), port


def test_the_ports_are_the_usual_ones() -> None:
    published = {
        name: [int(port.split(":")[-2]) for port in service["ports"]]
        for name, service in SERVICES.items()
        if "ports" in service
    }
    assert published == {"postgres": [5432], "rabbitmq": [5672, 15672], "front-door": [PORT]}


@each_service
def test_images_are_pinned_to_a_series(name: str) -> None:
    image = SERVICES[name].get("image")
    if image is not None:
        series = image.partition(":")[2]
        assert series[:1].isdigit(), image
        assert "/" not in image, "an official image has no owner and no registry"


@each_service
def test_who_is_waited_for_can_be_waited_for(name: str) -> None:
    for other, condition in SERVICES[name].get("depends_on", {}).items():
        healthy = condition["condition"] == "service_healthy"
        assert ("healthcheck" in SERVICES[other]) == healthy
        if not healthy:
            assert condition["condition"] == "service_completed_successfully"
            assert SERVICES[other]["restart"] == "no"


@each_service
def test_what_is_mounted_exists(name: str) -> None:
    volumes = load()["volumes"]
    for mount in SERVICES[name].get("volumes", []):
        source = mount.split(":")[0]
        assert (REPOSITORY / source).exists() if source.startswith(".") else source in volumes


def test_the_servers_keep_their_data_in_named_volumes() -> None:
    assert "postgres:/var/lib/postgresql" in SERVICES["postgres"]["volumes"]
    assert "rabbitmq:/var/lib/rabbitmq" in SERVICES["rabbitmq"]["volumes"]
    assert SERVICES["rabbitmq"]["hostname"] == "rabbitmq"


@each_footfall
def test_a_role_runs_a_verb_that_exists(name: str) -> None:
    assert SERVICES[name]["command"] == [name]
    assert name in main.list_commands(click.Context(main))


@each_footfall
def test_a_role_has_the_time_it_takes_to_stop(name: str) -> None:
    assert seconds(SERVICES[name]["stop_grace_period"]) > DRAIN_SECONDS


def test_the_front_door_outlives_no_request_of_a_role() -> None:
    assert seconds(SERVICES["front-door"]["stop_grace_period"]) > DRAIN_SECONDS


def settings_known() -> set[str]:
    """The names domain/settings.py looks for."""
    tree = ast.parse((REPOSITORY / "domain/settings.py").read_text())
    texts = {n.value for n in ast.walk(tree) if isinstance(n, ast.Constant)}
    return {t for t in texts if isinstance(t, str) and t.isupper() and t.isidentifier()}


@each_footfall
def test_a_role_is_told_nothing_it_does_not_know(name: str) -> None:
    assert set(environment(SERVICES[name])) <= settings_known() | PLANNED


@pytest.mark.parametrize(
    "variables",
    [
        {},
        {
            "POSTGRES_USER": "alice",
            "POSTGRES_PASSWORD": "s3cret",
            "POSTGRES_DB": "counts",
            "RABBITMQ_USER": "bob",
            "RABBITMQ_PASSWORD": "hidden",
        },
    ],
    ids=["the defaults", "a .env"],
)
@each_footfall
def test_a_role_finds_both_servers_by_its_settings(name: str, variables: dict[str, str]) -> None:
    found = services(variables)
    settings = from_env(environment(found[name]))
    database, broker = urlsplit(settings.database_url or ""), urlsplit(settings.rabbitmq_url or "")
    postgres, rabbitmq = environment(found["postgres"]), environment(found["rabbitmq"])
    assert (database.hostname, database.port) == ("postgres", 5432)
    assert database.username == postgres["POSTGRES_USER"]
    assert database.password == postgres["POSTGRES_PASSWORD"]
    assert database.path == "/" + postgres["POSTGRES_DB"]
    assert (broker.hostname, broker.port) == ("rabbitmq", 5672)
    assert broker.username == rabbitmq["RABBITMQ_DEFAULT_USER"]
    assert broker.password == rabbitmq["RABBITMQ_DEFAULT_PASS"]


@pytest.mark.parametrize("name", WEB)
def test_a_role_listens_where_it_is_asked(name: str) -> None:
    settings = from_env(environment(SERVICES[name]))
    assert (settings.host, settings.port) == ("0.0.0.0", PORT)
    assert SERVICES[name]["expose"] == [str(PORT)]
    assert str(PORT) in SERVICES[name]["healthcheck"]["test"][-1]


@each_footfall
def test_a_role_hears_from_env_who_may_come_in(name: str) -> None:
    told = {
        "SITES": "shop.example,*.app.example",
        "PAGE_QUERY": "id",
        "MAX_NEW_PAGES": "7",
        "CORS_ORIGINS": "https://dash.example",
        "RATE_LIMIT": "5",
        "KEY_RATE_LIMIT": "6",
        "TRUSTED_PROXIES": "10.0.0.0/8",
        "ACCESS_LOG": "true",
    }
    found = environment(services(told)[name])
    assert {variable: found[variable] for variable in told} == told
    # What is left out is as it is without Compose, but for the networks that Docker has.
    said = set(told) - {"TRUSTED_PROXIES"}
    ours = from_env(
        {each: value for each, value in environment(SERVICES[name]).items() if each in said}
    )
    assert ours == from_env({})


def test_all_roles_have_the_same_settings() -> None:
    told = [environment(service) for service in FOOTFALL.values()]
    assert all(environment_ == told[0] for environment_ in told)
    assert told[0]["RETENTION_DAYS"] == "400"


@pytest.mark.acceptance
async def test_the_health_check_of_a_role_tells_ready_from_not(tmp_path: Path) -> None:
    settings, port = embedded(tmp_path), free_port()
    await migrate(settings)
    _, *command = SERVICES["ingest"]["healthcheck"]["test"]
    assert command[0] == "python"
    script = command[-1].replace(str(PORT), str(port))

    async def healthy() -> bool:
        asked = await asyncio.create_subprocess_exec(
            sys.executable, "-c", script, stderr=asyncio.subprocess.DEVNULL
        )
        return await asked.wait() == 0

    assert not await healthy()
    async with Role(settings, "ingest", port=port) as ingest:
        await ingest.serving()
        assert await healthy()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("${A:-b}", "b"),
        ("${SET:-b}", "c"),
        ("${A}", ""),
        ("$$A", "$A"),
        ("${EMPTY:-b}", "b"),
    ],
)
def test_variables_are_replaced_as_compose_does(text: str, expected: str) -> None:
    assert interpolated(text, {"SET": "c", "EMPTY": ""}) == expected


def _compose_answers() -> bool:
    if shutil.which("docker") is None:
        return False
    asked = subprocess.run(["docker", "compose", "version"], capture_output=True)
    return asked.returncode == 0


@pytest.mark.skipif(not _compose_answers(), reason="no docker compose; the file is read above")
def test_compose_reads_it_alike() -> None:
    command = ["docker", "compose", "--env-file", os.devnull, "config", "--format", "json"]
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    done = subprocess.run(command, cwd=REPOSITORY, env=kept, capture_output=True, check=True)
    read = json.loads(done.stdout)["services"]
    assert set(read) == set(SERVICES)
    for name, service in SERVICES.items():
        assert (read[name].get("environment") or {}) == environment(service)
        assert all(port["host_ip"] == "127.0.0.1" for port in read[name].get("ports", []))
