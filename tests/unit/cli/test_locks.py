"""Which doors a role locks, and when it does not start at all."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cli.output.first_steps import first_steps
from cli.processes.keys_file import changing
from cli.wiring.keys import locked_or_exit, require_lock
from cli.wiring.locks import lock_for, nameless_of
from cli.wiring.web import api_description, create_health, create_web
from domain.errors import SettingsError
from domain.key_secrets import id_of
from domain.keys import ANYBODY, STRANGER, Caller, Right
from domain.reports import Facts
from domain.settings import Settings, from_env
from tests.conftest import embedded
from tests.keys import bearer, key, numbered
from tests.unit.web.test_door import Client, ask
from web.app import ACCESS

ONE, TWO = numbered(1), numbered(2)
EVERYWHERE = ["0.0.0.0", "::", "192.0.2.1", "fe80::1%lo"]
HERE = ["127.0.0.1", "127.5.5.5", "::1", "localhost"]
VARIABLES = {"INGEST_KEY": Right.INGEST, "READ_KEY": Right.READ, "ADMIN_KEY": Right.ADMIN}


@pytest.mark.parametrize("host", EVERYWHERE)
def test_where_others_come_in_it_does_not_start_without_keys(host: str) -> None:
    with pytest.raises(SettingsError) as caught:
        require_lock(from_env({"HOST": host}))
    assert str(caught.value) == (
        f"HOST is {host!r}, where others than this machine come in, and there are no keys: make "
        "some with footfall key new (KEYS_FILE), or set OPEN=true to let everybody in, or "
        "HOST=127.0.0.1"
    )


@pytest.mark.parametrize("host", EVERYWHERE)
def test_it_starts_there_with_any_key_or_where_open_says_so(host: str) -> None:
    for name in VARIABLES:
        require_lock(from_env({"HOST": host, name: ONE}))
    require_lock(from_env({"HOST": host, "OPEN": "true"}))


def test_what_stands_open_to_others_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    for host in ("127.0.0.1", "0.0.0.0"):
        locked_or_exit(from_env({"HOST": host, "OPEN": "true"}))
    assert [record.getMessage() for record in caplog.records] == [
        "OPEN is true: whoever reaches 0.0.0.0 may append and read all"
    ]


def test_whoever_starts_it_with_keys_is_shown_where_they_go() -> None:
    told, plain = (first_steps("http://h", "log", "rows", 0, locked) for locked in (True, False))
    asking = [line for line in told if "Authorization: Bearer KEY" in line]
    assert [line.split()[-1] for line in asking] == ["\\", plain[7].split()[-1]]
    assert not [line for line in plain if "Bearer" in line]


@pytest.mark.parametrize("host", HERE)
def test_on_this_machine_it_starts_and_asks_for_no_key(host: str) -> None:
    settings = from_env({"HOST": host})
    require_lock(settings)
    for authorization in (None, "Bearer x", f"Bearer {ONE}"):
        assert lock_for(settings)(authorization) == ANYBODY


def test_a_host_where_nothing_can_listen_is_left_to_whoever_tries() -> None:
    settings = from_env({"HOST": "no.such.host.invalid"})
    require_lock(settings)
    assert isinstance(lock_for(settings)(None), str)


@pytest.mark.parametrize("given", [{"KEYS_FILE": "/nowhere/keys"}, {"READ_KEY": ONE}])
def test_open_and_keys_together_are_refused(given: dict[str, str]) -> None:
    with pytest.raises(SettingsError, match="OPEN is true and there are keys"):
        require_lock(from_env({"OPEN": "true", **given}))


@pytest.mark.parametrize("given", [{}, {"OPEN": "true"}, {"HOST": "0.0.0.0", "OPEN": "true"}])
def test_some_sites_cannot_be_public_where_all_are(given: dict[str, str]) -> None:
    with pytest.raises(SettingsError, match="PUBLIC_SITES is set and there are no keys"):
        require_lock(from_env({"PUBLIC_SITES": "example.com", **given}))


def test_whoever_comes_without_a_key_reads_what_is_public_and_nothing_else() -> None:
    settings = from_env({"PUBLIC_SITES": " example.com , www.example.com,", "READ_KEY": ONE})
    require_lock(settings)
    sites = frozenset({"example.com", "www.example.com"})
    assert nameless_of(settings) == Caller("", frozenset({Right.READ}), sites)
    assert nameless_of(settings).is_public
    assert nameless_of(Settings()) == STRANGER
    assert not STRANGER.is_public
    assert not ANYBODY.is_public


@pytest.mark.parametrize("host", [*HERE, *EVERYWHERE])
def test_a_file_of_keys_that_is_not_there_opens_nothing(host: str) -> None:
    settings = from_env({"HOST": host, "KEYS_FILE": "/nowhere/keys"})
    with pytest.raises(SettingsError, match="'/nowhere/keys', which is not there"):
        require_lock(settings)
    with pytest.raises(SettingsError, match="which is not there"):
        lock_for(settings)


def test_a_file_without_a_key_lets_nobody_in(tmp_path: Path) -> None:
    settings = Settings(keys_file=tmp_path / "keys")
    (tmp_path / "keys").write_text("")
    require_lock(settings)
    assert isinstance(lock_for(settings)(f"Bearer {ONE}"), str)


def test_keys_come_from_the_file_and_from_variables(tmp_path: Path) -> None:
    with changing(tmp_path / "keys") as write:
        write([key(ONE)])
    lock = lock_for(Settings(keys_file=tmp_path / "keys", admin_key=TWO))
    callers: list[Any] = [lock(f"Bearer {secret}") for secret in (ONE, TWO)]
    assert [caller.key for caller in callers] == [id_of(ONE), id_of(TWO)]
    assert [caller.rights for caller in callers] == [{Right.READ}, set(Right)]


@pytest.mark.parametrize(("name", "right"), VARIABLES.items())
def test_a_variable_may_have_several_keys(name: str, right: Right) -> None:
    lock = lock_for(from_env({name: f"{ONE},{TWO}"}))
    for secret in (ONE, TWO):
        caller = lock(f"Bearer {secret}")
        assert not isinstance(caller, str)
        assert right in caller.rights


def test_settings_never_show_a_secret() -> None:
    settings = from_env(dict.fromkeys(VARIABLES, ONE))
    for text in (repr(settings), str(settings), f"{settings}"):
        assert ONE[12:] not in text
        assert id_of(ONE) not in text


def described() -> dict[str, Right | None]:
    """The right that each path of the description asks for."""
    found: dict[str, Right | None] = {}
    for path, item in api_description()["paths"].items():  # type: ignore[attr-defined]
        for operation in item.values():
            needs = [name for one in operation.get("security", []) for name in one["bearer"]]
            found[path] = Right(needs[0]) if needs else None
            # A 403 may be of what was sent, too.
            assert ("401" in operation["responses"]) == bool(needs), path
            assert "403" in operation["responses"] or not needs, path
    return found


def asked_for(app: Any) -> dict[str, Right | None]:
    """The right that each route asks for."""
    found = {}
    for each in app.routes:
        access = each.route_handlers[0].opt[ACCESS] if hasattr(each, "route_handlers") else None
        access = access or each.route_handler.opt[ACCESS]
        path = re.sub(r"\{(\w+):\w+\}", r"{\1}", each.path)
        found[re.sub("^/problems/.*", "/problems/{name}", path)] = access.right
    return found


def test_the_description_names_the_right_that_each_route_asks_for(tmp_path: Path) -> None:
    found = asked_for(create_web(embedded(tmp_path), ingest=True, read_api=True))
    told = described()
    # One of the names that a route for any name has is described by itself; it is for everybody.
    assert {path: found.get(path) for path in told} == told
    # What a browser loads is no part of the API.
    assert not [path for path, right in found.items() if path not in told and right]
    assert found["/page-views/single"] is found["/page-views/multi"] is Right.INGEST
    assert found["/report"] is found["/stats/views"] is found["/export/hourly"] is Right.READ
    assert found["/metrics"] is Right.ADMIN
    public = {path for path, right in found.items() if right is None}
    assert {"/health", "/ready", "/schema", "/problems/{name}"} <= public
    assert not {path for path in public if path.startswith(("/stats", "/export"))}


def test_the_description_says_what_a_key_is() -> None:
    components: Any = api_description()["components"]
    scheme = components["securitySchemes"]["bearer"]
    assert (scheme["type"], scheme["scheme"]) == ("http", "bearer")


async def facts() -> Facts:
    raise AssertionError("a stranger is told nothing, so nobody is asked")


async def unready() -> None:
    raise SettingsError("db-7.internal")


@pytest.mark.parametrize("host", EVERYWHERE)
async def test_a_projector_without_keys_tells_others_that_it_lives_and_no_more(host: str) -> None:
    app = create_health(replace(Settings(), host=host), {"database": unready}, facts)

    async def asked(path: bytes) -> Client:
        return await ask(app, "GET", path, [(b"host", b"192.0.2.1"), bearer(ONE)])

    assert (await asked(b"/health")).status == 200
    ready = await asked(b"/ready")
    assert (ready.status, ready.body) == (503, b'{"status":"unavailable"}')
    assert (await asked(b"/metrics")).status == 401
