"""Connections as URLs ask for them, to a real PostgreSQL: TLS, sockets, hosts, encodings."""

import asyncio
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from sqlalchemy import text

from domain.errors import StoreUnavailable
from domain.settings import from_env
from rows.database import transaction
from rows.engine import engine_at, open_engine
from tests.acceptance.processes import footfall
from tests.conftest import embedded
from tests.odd_servers import OddServer
from tests.servers import PrivatePostgres, free_port

pytestmark = pytest.mark.private_servers

PASSWORD = "p@ss/w:rd%#?[x]"


class Encrypted(PrivatePostgres):
    """With TLS and a socket in its folder; roles other than postgres need a password."""

    def command(self) -> tuple[list[str], dict[str, str]]:
        command, environment = super().command()
        data = self.folder / "data"
        certificates(data)
        (data / "pg_hba.conf").write_text(
            "local all postgres trust\n"
            "host all postgres 127.0.0.1/32 trust\n"
            "hostssl all certified 127.0.0.1/32 cert\n"
            "host all all 127.0.0.1/32 scram-sha-256\n"
        )
        for file in data.glob("*.pem"):
            shutil.chown(file, "postgres", "postgres")
            file.chmod(0o600)
        self.folder.chmod(0o777)
        options = {
            "ssl": "on", "ssl_cert_file": "server.pem", "ssl_key_file": "server-key.pem",
            "ssl_ca_file": "ca.pem", "unix_socket_directories": str(self.folder),
        }  # fmt: skip
        return [*command, *(f"--{name}={value}" for name, value in options.items())], environment


def certificates(folder: Path) -> None:
    """An authority of our own, a server it vouches for as localhost, and a client."""
    if (folder / "ca.pem").exists():
        return

    def openssl(*arguments: str) -> None:
        subprocess.run(["openssl", *arguments], check=True, cwd=folder, capture_output=True)

    new = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2")
    openssl("req", "-x509", *new, "-keyout", "ca-key.pem", "-out", "ca.pem", "-subj", "/CN=ours")
    for name, subject in (("server", "localhost"), ("client", "certified")):
        (folder / "names").write_text(f"subjectAltName=DNS:{subject}")
        openssl(
            "req", *new[:-2], "-keyout", f"{name}-key.pem", "-out", f"{name}.csr",
            "-subj", f"/CN={subject}",
        )  # fmt: skip
        openssl(
            "x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca-key.pem",
            "-CAcreateserial", "-days", "2", "-out", f"{name}.pem", "-extfile", "names",
        )  # fmt: skip


@pytest.fixture(scope="module")
def server() -> Iterator[Encrypted]:
    with Encrypted() as found:
        yield found


@pytest.fixture(scope="module")
def pem(server: Encrypted, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copies of the certificates that the client may read."""
    folder = tmp_path_factory.mktemp("pem")
    for file in (server.folder / "data").glob("*.pem"):
        (folder / file.name).write_bytes(file.read_bytes())
        (folder / file.name).chmod(0o600)
    certificates_of_another = folder / "other"
    certificates_of_another.mkdir()
    certificates(certificates_of_another)
    return folder


@pytest.fixture
async def role(server: Encrypted) -> str:
    """With a password that has everything in it a URL can stumble over."""
    async with engine_at(server.url) as engine, transaction(engine) as connection:
        await connection.execute(text("DROP ROLE IF EXISTS careful, certified"))
        await connection.exec_driver_sql(f"CREATE ROLE careful LOGIN PASSWORD '{PASSWORD}'")
        await connection.exec_driver_sql("CREATE ROLE certified LOGIN")
    return f"careful:{quote(PASSWORD, safe='')}"


async def asked(url: str, what: str) -> Any:
    """The answer over a connection that a setting of the environment asks for."""
    engine = open_engine(from_env({"DATABASE_URL": url}).rows_url)
    try:
        async with transaction(engine) as connection:
            return (await connection.execute(text(f"SELECT {what}"))).scalar_one()
    finally:
        await engine.dispose()


ENCRYPTED = "ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"


@pytest.mark.parametrize(
    ("host", "query", "encrypted"),
    [
        ("127.0.0.1", "", True),
        ("127.0.0.1", "sslmode=disable", False),
        ("127.0.0.1", "sslmode=allow", False),
        ("127.0.0.1", "sslmode=prefer", True),
        ("127.0.0.1", "sslmode=require", True),
        ("127.0.0.1", "ssl=true", True),
        ("127.0.0.1", "sslmode=verify-ca&sslrootcert={pem}/ca.pem", True),
        ("localhost", "sslmode=verify-full&sslrootcert={pem}/ca.pem", True),
    ],
)
async def test_it_is_encrypted_as_asked(
    server: Encrypted, pem: Path, role: str, host: str, query: str, encrypted: bool
) -> None:
    url = f"postgresql://{role}@{host}:{server.port}/postgres?{query.format(pem=pem)}"
    assert await asked(url, ENCRYPTED) is encrypted


@pytest.mark.parametrize(
    ("host", "query", "says"),
    [
        ("127.0.0.1", "sslmode=verify-full&sslrootcert={pem}/ca.pem", "certificate"),
        ("localhost", "sslmode=verify-full&sslrootcert={pem}/other/ca.pem", "certificate"),
        ("localhost", "sslmode=verify-ca&sslrootcert={pem}/other/ca.pem", "certificate"),
        ("localhost", "sslmode=verify-full&sslrootcert={pem}/none.pem", "sslrootcert names"),
        ("localhost", "sslmode=require&sslcert={pem}/none.pem", "sslcert names"),
        ("localhost", "sslmode=require&sslcert={pem}/client.pem&sslkey={pem}/no", "sslkey names"),
        ("localhost", "sslmode=verify-full", "root certificate"),
        ("localhost", "passfile={pem}/none", "passfile names"),
    ],
)
async def test_a_wrong_certificate_is_told_of(
    server: Encrypted, pem: Path, role: str, host: str, query: str, says: str
) -> None:
    url = f"postgresql://{role}@{host}:{server.port}/postgres?{query.format(pem=pem)}"
    with pytest.raises(StoreUnavailable, match=says) as caught:
        await asked(url, "1")
    assert "ss/w" not in str(caught.value)


async def test_a_client_s_certificate_is_shown(server: Encrypted, pem: Path, role: str) -> None:
    del role
    files = f"sslcert={pem}/client.pem&sslkey={pem}/client-key.pem&sslmode=require"
    url = f"postgresql://certified@127.0.0.1:{server.port}/postgres?{files}"
    assert await asked(url, "current_user") == "certified"


async def test_passwords_come_from_the_url_or_a_file_and_are_in_no_message(
    server: Encrypted, role: str, tmp_path: Path
) -> None:
    place = f"127.0.0.1:{server.port}/postgres"
    assert await asked(f"postgresql://{role}@{place}", "current_user") == "careful"

    passfile = tmp_path / "pgpass"
    passfile.write_text(f"127.0.0.1:*:*:careful:{PASSWORD}\n")
    passfile.chmod(0o600)
    url = f"postgresql://careful@{place}?passfile={passfile}"
    assert await asked(url, "current_user") == "careful"
    with pytest.raises(StoreUnavailable, match="password") as caught:
        await asked(f"postgresql://careful:{quote(PASSWORD, safe='')}x@{place}", "1")
    assert "ss/w" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://postgres@{folder}:{port}/postgres",
        "postgresql://postgres@/postgres?host={plain}&port={port}",
        "postgres:///postgres?user=postgres&host={plain}&port={port}",
        "postgresql+asyncpg://postgres@localhost/postgres?host={folder}&port={port}",
    ],
)
async def test_a_socket_is_as_good_as_a_host(server: Encrypted, url: str) -> None:
    folder = str(server.folder)
    given = url.format(folder=quote(folder, safe=""), plain=folder, port=server.port)
    assert await asked(given, "inet_client_addr() IS NULL") is True
    parts = {"POSTGRES_HOST": folder, "POSTGRES_PORT": str(server.port)}
    async with engine_at(from_env(parts).rows_url) as engine, transaction(engine) as connection:
        assert (await connection.execute(text("SELECT 1"))).scalar_one() == 1


@pytest.mark.parametrize(
    ("query", "what", "is_"),
    [
        ("options=-c search_path=views,public", "current_setting('search_path')", "views,public"),
        ("options=-c%20jit%3Don", "current_setting('jit')", "on"),
        ("", "current_setting('jit')", "off"),
        ("", "split_part(current_setting('application_name'), ' ', 1)", "footfall"),
        ("application_name=counting", "current_setting('application_name')", "counting"),
        ("fallback_application_name=x", "current_setting('application_name')", "x"),
    ],
)
async def test_settings_of_the_session(server: Encrypted, query: str, what: str, is_: str) -> None:
    url = f"postgresql://postgres@127.0.0.1:{server.port}/postgres?{query}"
    assert await asked(url, what) == is_


async def test_of_several_hosts_one_that_does_is_found(server: Encrypted) -> None:
    with OddServer("postgresql", "silence") as silent, OddServer("postgresql", "HTTP") as babbling:
        hosts = ",".join(
            f"127.0.0.1:{port}"
            for port in (free_port(), silent.port, babbling.port, server.port, free_port())
        )
        url = f"postgresql://postgres@{hosts}/postgres?connect_timeout=1"
        assert await asked(url, "inet_server_port()") == server.port
        assert await asked(f"{url}&target_session_attrs=prefer-standby", "1") == 1
        with pytest.raises(StoreUnavailable, match=r"127\.0\.0\.1") as caught:
            await asked(f"{url}&target_session_attrs=standby", "1")
        assert str(server.port) in str(caught.value)


async def test_a_server_that_cannot_be_written_to_is_passed_over(server: Encrypted) -> None:
    url = f"postgresql://postgres@127.0.0.1:{server.port}/postgres"
    reading = "options=-c%20default_transaction_read_only%3Don"
    assert await asked(f"{url}?{reading}", "1") == 1
    with pytest.raises(StoreUnavailable, match="target_session_attrs=read-write"):
        await asked(f"{url}?{reading}&target_session_attrs=read-write", "1")


@pytest.mark.parametrize("encoding", ["LATIN1", "EUC_JP", "SQL_ASCII"])
def test_a_database_that_cannot_hold_every_page_is_refused(
    server: Encrypted, encoding: str, tmp_path: Path
) -> None:
    name = f"in_{encoding.lower()}"
    as_it_is = f"ENCODING '{encoding}' LOCALE 'C' TEMPLATE template0"
    asyncio.run(create_database(server.url, f"{name} {as_it_is}"))
    url = f"{server.url.rpartition('/')[0]}/{name}"
    settings = replace(embedded(tmp_path), database_url=url)
    for verb in ("migrate", "check", "projector", "up"):
        code, out, err = asyncio.run(footfall(settings, verb))
        assert code == 1, err
        assert f"encoded in {encoding}" in out + err
        assert "TEMPLATE template0" in out + err


async def create_database(url: str, what: str) -> None:
    async with engine_at(url, read_only=True) as engine, engine.connect() as connection:
        await connection.exec_driver_sql(f"CREATE DATABASE {what}")


async def test_what_a_role_would_rather_read_does_not_matter(server: Encrypted) -> None:
    async with engine_at(server.url, read_only=True) as engine, engine.connect() as connection:
        await connection.exec_driver_sql("CREATE ROLE latin LOGIN SUPERUSER")
        await connection.exec_driver_sql("ALTER ROLE latin SET client_encoding = 'LATIN1'")
        await connection.exec_driver_sql("ALTER ROLE latin PASSWORD 'x'")
    url = f"postgresql://latin:x@127.0.0.1:{server.port}/postgres"
    assert await asked(url, "'\N{SNOWMAN}'") == "\N{SNOWMAN}"
