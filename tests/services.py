"""`make services`: what the tests need, by whatever is at hand."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from benchmarks.peers.private import redis_binary
from tests.servers import (
    PrivatePostgres,
    PrivateRabbitMQ,
    PrivateServer,
    Process,
    address,
    caddy_binary,
    chromium_binary,
    end,
    haproxy_binary,
    nginx_binary,
    pgbouncer_binary,
    postgres_may_enter,
    postgres_url,
    process,
    rabbitmq_url,
    reachable,
)

FOLDER = Path(".services").resolve()
# A project of its own: the volumes of a Footfall that runs here are not the tests'.
COMPOSE = ["docker", "compose", "--project-name", "footfall-tests"]
_INSTALL = "install with apt-get: make services INSTALL=1"
LOOPBACK = ("127.0.0.1", "localhost", "::1")


class Kind(NamedTuple):
    """One of the servers, and the ways to get it."""

    name: str
    url: Callable[[], str]
    private: type[PrivateServer]
    installed: Callable[[], object]
    package: str
    container: str
    usual_port: int

    @property
    def note(self) -> Path:
        """Where it is written down that we started it."""
        return FOLDER / f"{self.container}.json"


KINDS = (
    Kind(
        "PostgreSQL",
        postgres_url,
        PrivatePostgres,
        PrivatePostgres.binaries,
        "postgresql",
        "postgres",
        5432,
    ),
    Kind(
        "RabbitMQ",
        rabbitmq_url,
        PrivateRabbitMQ,
        PrivateRabbitMQ.binary,
        "rabbitmq-server",
        "rabbitmq",
        5672,
    ),
)


def start() -> int:
    """Start what does not answer yet; the exit code."""
    return _start_servers() or _provide_others()


def _start_servers() -> int:
    missing = [kind for kind in KINDS if not _answers(kind)]
    elsewhere = [kind for kind in missing if address(kind.url())[0] not in LOOPBACK]
    for kind in elsewhere:
        host, port = address(kind.url())
        print(f"{kind.name} does not answer at {host}:{port}, and only you can start it there")
    if elsewhere:
        return 1
    if not missing:
        return 0
    FOLDER.mkdir(exist_ok=True)
    if all(address(k.url())[1] == k.usual_port for k in missing) and _docker_answers():
        return _start_containers(missing)
    absent = {kind.name: kind.package for kind in missing if kind.installed() is None}
    if absent and not _wanted():
        names = " and ".join(absent)
        print(f"Not installed: {names}; and no Docker engine answers. Start Docker, or {_INSTALL}")
        return 1
    if absent and not _install(absent):
        return 1
    for kind in missing:
        _start(kind)
    return 0


def _provide_others() -> int:
    # Tests start their own; they only have to be there.
    found = {
        "nginx": nginx_binary(),
        "PgBouncer": pgbouncer_binary(),
        "Chromium": chromium_binary(),
        "Caddy": caddy_binary(),
        "HAProxy": haproxy_binary(),
    }
    if os.environ.get("PEERS") == "1":
        found["redis-server"] = redis_binary()
    absent = {name: name.lower() for name, binary in found.items() if binary is None}
    if not absent:
        return 0
    if not _wanted():
        names = " and ".join(absent)
        print(f"Not installed: {names}; the tests with it are left out. To {_INSTALL}")
        return 0
    return 0 if _install(absent) else 1


def _answers(kind: Kind) -> bool:
    if not reachable(kind.url()):
        return False
    host, port = address(kind.url())
    print(f"{kind.name} answers already at {host}:{port}")
    return True


def stop() -> int:
    """Stop what `start` started, nothing else; the exit code."""
    noted = [kind for kind in KINDS if kind.note.exists()]
    for kind in noted:
        known = json.loads(kind.note.read_text())
        if known["container"]:
            subprocess.run([*COMPOSE, "stop", kind.container], check=True)
        else:
            server = Process(known["pid"], known["started"])
            with suppress(ProcessLookupError):
                end(server, kind.private.stop_signal)
        kind.note.unlink()
        print(f"{kind.name} stopped")
    if not noted:
        print("Nothing to stop: `make services` started nothing that is still noted here")
    return 0


def _start_containers(missing: list[Kind]) -> int:
    names = [kind.container for kind in missing]
    # Only for the containers of the tests: they listen on the loopback address and hold nothing.
    environment = {**os.environ, "POSTGRES_HOST_AUTH_METHOD": "trust"}
    done = subprocess.run([*COMPOSE, "up", "-d", "--wait", *names], env=environment)
    for kind in missing:
        kind.note.write_text(json.dumps({"container": True}))
    return done.returncode


def _start(kind: Kind) -> None:
    port = address(kind.url())[1]
    server = kind.private(_data_folder(kind), port)
    server.start()
    found = process(server.pid)
    kind.note.write_text(json.dumps({"container": False, **found._asdict()}))
    print(f"{kind.name} started on 127.0.0.1:{port}, data in {server.folder}")


def _data_folder(kind: Kind) -> Path:
    if kind.private is not PrivatePostgres or postgres_may_enter(FOLDER):
        return FOLDER / kind.container
    # One that stays the same for this checkout, where a later start finds its data again.
    name = hashlib.sha256(str(FOLDER).encode()).hexdigest()[:12]
    return Path("/var/tmp") / f"footfall-services-{name}"


def _wanted() -> bool:
    return os.environ.get("INSTALL") == "1"


def _install(absent: Mapping[str, str]) -> bool:
    """Names and the packages that provide them."""
    names = " and ".join(absent)
    sudo = [] if os.geteuid() == 0 else ["sudo", "-n"]
    if shutil.which("apt-get") is None or (sudo and shutil.which("sudo") is None):
        print(f"INSTALL=1 needs apt-get and root (or sudo): install {names} another way")
        return False
    packages = list(absent.values())
    apt = [*sudo, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get"]
    print(f"installing {' and '.join(packages)}", flush=True)
    with _no_automatic_start(sudo):
        for command in (["update", "-qq"], ["install", "-qq", *packages]):
            done = subprocess.run([*apt, *command], stdin=subprocess.DEVNULL)
            if done.returncode != 0:
                print(f"apt-get {command[0]} failed with exit code {done.returncode}")
                return False
    return True


@contextmanager
def _no_automatic_start(sudo: list[str]) -> Iterator[None]:
    # Debian starts what it installs, on the very ports and with a password; this file forbids it.
    policy = Path("/usr/sbin/policy-rc.d")
    if policy.exists():
        yield
        return
    script = b"#!/bin/sh\nexit 101\n"
    subprocess.run([*sudo, "tee", str(policy)], input=script, check=True, stdout=subprocess.DEVNULL)
    subprocess.run([*sudo, "chmod", "755", str(policy)], check=True)
    try:
        yield
    finally:
        subprocess.run([*sudo, "rm", "-f", str(policy)], check=True)


def _docker_answers() -> bool:
    if shutil.which("docker") is None:
        return False
    asked = (["docker", "info"], [*COMPOSE, "version"])
    return all(subprocess.run(a, capture_output=True).returncode == 0 for a in asked)


if __name__ == "__main__":
    sys.exit({"start": start, "stop": stop}[sys.argv[1]]())
