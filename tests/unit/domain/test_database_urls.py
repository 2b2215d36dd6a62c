"""What people paste for a database: honoured, or refused by name, and no secret in any message."""

import pytest

from domain.database_urls import DatabaseUrl, parse_url
from domain.errors import SettingsError
from domain.settings import from_env


def parsed(url: str) -> DatabaseUrl:
    return parse_url("DATABASE_URL", url)


@pytest.mark.parametrize(
    ("url", "hosts"),
    [
        ("postgresql://db/x", [("db", None)]),
        ("postgresql://u:p@db:6543/x", [("db", 6543)]),
        ("postgresql://u@[::1]:5432/x", [("::1", 5432)]),
        ("postgresql://[fe80::1%25eth0]/x", [("fe80::1%eth0", None)]),
        ("postgresql:///x", []),
        ("postgresql:///x?host=/run/postgresql", [("/run/postgresql", None)]),
        ("postgresql:///x?host=/run/postgresql&port=6543", [("/run/postgresql", 6543)]),
        ("postgresql://localhost/x?host=%2Frun%2Fpostgresql", [("/run/postgresql", None)]),
        ("postgresql://u@%2Frun%2Fpostgresql/x", [("/run/postgresql", None)]),
        ("postgresql://u@%2Frun%2Fpostgresql:6543/x", [("/run/postgresql", 6543)]),
        ("postgresql://h1:5432,h2:5433/x", [("h1", 5432), ("h2", 5433)]),
        ("postgresql://h1,[::2]:5/x?port=6", [("h1", 6), ("::2", 5)]),
        ("postgresql:///x?host=h1,h2&port=1,2", [("h1", 1), ("h2", 2)]),
        ("postgresql:///x?host=h1:1&host=h2:2", [("h1", 1), ("h2", 2)]),
    ],
)
def test_where_it_is(url: str, hosts: list[tuple[str, int | None]]) -> None:
    assert list(parsed(url).hosts) == hosts
    assert parsed(parsed(url).for_the_driver) == parsed(url)


def test_who_asks_for_what() -> None:
    found = parsed("postgresql://me%40home:p%40ss%2Fw%3Ard%25%23@db/my%20rows")
    assert (found.user, found.password, found.database) == ("me@home", "p@ss/w:rd%#", "my rows")
    assert parsed(found.for_the_driver) == found
    found = parsed("postgresql://db?user=a&password=b%26c&dbname=d")
    assert (found.user, found.password, found.database) == ("a", "b&c", "d")
    assert parsed("postgresql://u:p@ss@db/x").password == "p@ss"


@pytest.mark.parametrize(
    "query",
    [
        "sslmode=verify-full&sslrootcert=/ca.pem&sslcert=/c.pem&sslkey=/k.pem&sslpassword=x",
        "connect_timeout=10&application_name=counting%20house&keepalives=1&keepalives_idle=5",
        "keepalives_interval=5&keepalives_count=2&tcp_user_timeout=9000",
        "target_session_attrs=primary&load_balance_hosts=random&passfile=/secret/pgpass",
        "gssencmode=disable&channel_binding=prefer&sslsni=1&client_encoding=utf8",
        "ssl_min_protocol_version=TLSv1.2&sslnegotiation=postgres&pgbouncer=true",
    ],
)
def test_parameters_of_libpq_are_taken(query: str) -> None:
    found = parsed(f"postgresql://u@h/d?{query}")
    assert len(found.parameters) == query.count("=")
    assert parsed(found.for_the_driver) == found


@pytest.mark.parametrize(
    ("query", "mode"),
    [("ssl=require", "require"), ("ssl=true", "require"), ("sslmode=disable", "disable")],
)
def test_tls_is_asked_for_in_several_ways(query: str, mode: str) -> None:
    assert parsed(f"postgresql://h/d?{query}").parameters["sslmode"] == mode


@pytest.mark.parametrize(
    ("options", "settings"),
    [
        ("-c%20search_path%3Dviews", {"search_path": "views"}),
        ("-c search_path=a,b", {"search_path": "a,b"}),
        ("-csearch_path=a\\ b --work-mem=8MB", {"search_path": "a b", "work_mem": "8MB"}),
        ("-c client_encoding=UTF8", {}),
    ],
)
def test_options_are_settings_of_the_session(options: str, settings: dict[str, str]) -> None:
    assert parsed(f"postgresql://h/d?options={options}").settings == settings


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("colour=blue", "'colour', which Footfall does not know: leave it out"),
        ("sslmode=always", "sslmode is not understood: write disable or allow"),
        ("channel_binding=require", "channel_binding.*verify-full"),
        ("gssencmode=require", "gssencmode.*Kerberos"),
        ("require_auth=scram-sha-256", "'require_auth'"),
        ("hostaddr=10.0.0.1", "'hostaddr': write the address"),
        ("service=prod", "'service'"),
        ("krbsrvname=postgres", "'krbsrvname'.*Kerberos"),
        ("connect_timeout=0", "connect_timeout is not a whole number from 1"),
        ("connect_timeout=soon", "connect_timeout is not a whole number"),
        ("target_session_attrs=master", "target_session_attrs is not understood"),
        ("sslrootcert=system", "ca-certificates.crt"),
        ("client_encoding=latin1", "UTF8"),
        ("options=-c%20client_encoding%3Dlatin1", "UTF8"),
        ("options=-B%20100", "options is not understood: write -c"),
        ("port=1,2,3", "1 hosts and 3 ports"),
        ("port=99999", "from 1 to 65535"),
    ],
)
@pytest.mark.parametrize("name", ["DATABASE_URL", "READ_DATABASE_URL"])
def test_what_cannot_be_honoured_is_refused_by_name(name: str, query: str, says: str) -> None:
    env = {"DATABASE_URL": "postgresql://h/d", name: f"postgresql://h/d?{query}"}
    with pytest.raises(SettingsError, match=f"^{name}.*{says}"):
        from_env(env)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://u:hush/secret@h/d",
        "postgresql://u:hush?secret@h/d",
        "postgresql://u:hush#secret@h/d",
        "postgresql://u:12?secret=hush@h/d",
        "postgresql://u:12/secret@h/d",
        "postgresql://u:hush/secret@h:port/d",
        "postgresql://u:hush%ffsecret@h/d",
        "postgresql://u:hush%00secret@h/d",
        "postgresql://u:hush@h:secret/d",
        "postgresql://u:hush[secret@h]/d",
        "postgresql://u:hush@[secret/d",
        "postgresql://u:hush@h/d?secret",
        "postgresql://u:hush@h/d?password=secret&foo=hush",
        "postgresql://u:hush@h/d?sslmode=secret",
        "postgresql://u:hush@h/d?sslpassword=secret&options=hush",
        "postgres:u:hush:secret",
        "hush://secret@h/d",
    ],
)
def test_no_message_holds_a_piece_of_a_password(url: str) -> None:
    with pytest.raises(SettingsError) as caught:
        from_env({"DATABASE_URL": url})
    chain: BaseException | None = caught.value
    while chain is not None:
        assert "hush" not in str(chain)
        assert "secret" not in str(chain)
        chain = chain.__cause__
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_settings_that_are_shown_hide_the_urls() -> None:
    found = from_env({"DATABASE_URL": "postgresql://u:hush@h/d", "RABBITMQ_URL": "amqp://u:hush@h"})
    assert "hush" not in repr(found)
    assert "hush" not in repr(parsed("postgresql://u:hush@h/d"))


@pytest.mark.parametrize(
    ("host", "authority"),
    [
        ("::1", "[::1]:5432"),
        ("[::1]", "[::1]:5432"),
        ("/run/postgresql", "%2Frun%2Fpostgresql:5432"),
        ("db:77", "db:77"),
    ],
)
def test_a_host_may_be_an_address_or_a_folder(host: str, authority: str) -> None:
    found = from_env({"POSTGRES_HOST": host}).database_url
    assert found == f"postgresql+asyncpg://postgres@{authority}/postgres"


@pytest.mark.parametrize("host", ["postgresql://u:hush@h/d", "a b", "h:port", "[::1", "h,,i"])
def test_what_is_no_host_is_refused(host: str) -> None:
    with pytest.raises(SettingsError, match="POSTGRES_HOST is not a host") as caught:
        from_env({"POSTGRES_HOST": host})
    assert "hush" not in str(caught.value)


def test_of_several_hosts_rows_go_to_the_one_that_takes_them() -> None:
    wanted = {"target_session_attrs": "read-write"}
    several = {"DATABASE_URL": "postgresql://h1,h2/d", "READ_DATABASE_URL": "postgresql://h1,h2/d"}
    found = from_env(several)
    assert parsed(found.rows_url).parameters == wanted
    # A standby where one answers, or else the server that is folded into.
    assert parsed(found.reports_url).parameters == {"target_session_attrs": "prefer-standby"}
    parts = from_env({"POSTGRES_HOST": "h1,h2:6"}).rows_url
    assert parsed(parts).parameters == wanted
    assert parsed(parts).hosts == (("h1", 5432), ("h2", 6))
    told = from_env({"DATABASE_URL": "postgresql://h1,h2/d?target_session_attrs=any"}).rows_url
    assert parsed(told).parameters == {"target_session_attrs": "any"}
