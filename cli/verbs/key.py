"""footfall key"""

import os
import re
import secrets
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import click
import msgspec

from cli.output.keys import as_documents, key_table
from cli.output.saying import say, say_json
from cli.processes.keys_file import changing, read_file
from cli.processes.running import read_settings_or_exit
from cli.wiring.keys import all_keys
from cli.wiring.process import now_ms
from domain.errors import SettingsError
from domain.hours import HOUR_MS, as_moment, parse_instant
from domain.key_ring import Key
from domain.key_secrets import KEY_ID, SECRET, digest_of, id_of, new_secret
from domain.key_texts import require_sound
from domain.keys import Right

_AGE = re.compile(r"([1-9][0-9]{0,5})([dh])")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_HOURS: Mapping[str, int] = {"h": 1, "d": 24}
_FILE = click.option(
    "--keys-file",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="The file of keys (KEYS_FILE).",
)


def _expires(_: click.Context, __: click.Parameter, value: str | None) -> int | None:
    """Milliseconds since 1970."""
    if value is None:
        return None
    if age := _AGE.fullmatch(value):
        return now_ms() + int(age[1]) * _HOURS[age[2]] * HOUR_MS
    try:
        at_ms = parse_instant(f"{value}T00:00:00Z" if _DAY.fullmatch(value) else value)
    except ValueError:
        raise click.BadParameter("write a day or moment such as 2027-01-31, or 90d, or 12h")
    if at_ms <= now_ms():
        raise click.BadParameter(f"{as_moment(at_ms)} is over: name a moment that is to come")
    return at_ms


@click.group()
def key() -> None:
    """Make, list and take away the keys that open the HTTP doors.

    A key has rights: ingest appends views, read asks for reports and statistics, admin may do
    everything, /metrics and what else operators ask included. Clients send it as

    \b
        Authorization: Bearer ffk_...

    KEYS_FILE holds the keys, each only as a hash: a secret is shown once, when it is made, and can
    be read nowhere afterwards. Roles that serve look at the file again within a second: nothing is
    started anew for a key. As long as there are no keys at all, only this machine comes in.

    \b
        export KEYS_FILE=/etc/footfall/keys
        footfall key new --right ingest --name shop
        footfall key new --right read --site example.com --expires 90d
        footfall key list
        footfall key revoke mfrggzdf

    To change a key that is in use, make a second one, give it to the clients, then revoke the first
    one: both are good until then. For containers the variables INGEST_KEY, READ_KEY and ADMIN_KEY
    hold secrets themselves, several with commas between. docs/security.md says what keys protect
    from and what not.
    """


@key.command()
@click.option(
    "--right",
    "rights",
    type=click.Choice([right.value for right in Right]),
    multiple=True,
    required=True,
    help="What it may do; again for another one.",
)
@click.option(
    "--site",
    "sites",
    multiple=True,
    metavar="SITE",
    help="The only site it may read of; again for another one.",
)
@click.option("--name", default="", metavar="TEXT", help="Whom it is for, shown by key list.")
@click.option(
    "--expires",
    callback=_expires,
    metavar="WHEN",
    help="After which it opens nothing: 2027-01-31 (UTC), a moment, 90d or 12h.",
)
@click.option("--for-env", is_flag=True, help="Print a line for .env, and keep nothing.")
@_FILE
def new(
    rights: tuple[str, ...],
    sites: tuple[str, ...],
    name: str,
    expires: int | None,
    for_env: bool,
    keys_file: Path | None,
) -> None:
    """Make a key, and show its secret: alone on stdout, this once.

    The file is made where it is not there, for its owner alone. --site is for keys that read and do
    nothing else: every answer is of these sites then, which are what stands before the first slash
    of pages.

    \b
        footfall key new --right read --site example.com --site www.example.com
        footfall key new --right ingest >shop.key
        footfall key new --right admin --for-env >>.env

    Exit codes: 0 made, 1 it could not be written or shown, 2 wrong usage.
    """
    secret = new_secret(secrets.token_bytes)
    made = Key(
        id_of(secret),
        frozenset(Right(right) for right in rights),
        digest_of(secret),
        name,
        frozenset(sites) or None,
        now_ms(),
        expires,
    )
    try:
        require_sound(made)
    except SettingsError as error:
        raise click.UsageError(str(error))
    if for_env:
        _print_for_env(made, secret)
        return
    path = _path(keys_file)
    with _changing(path) as (keys, write):
        write([*keys, made])
    try:
        say(secret)
    except OSError as error:
        # What is left in the buffer would be tried again at the end, and change the exit code.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        with _changing(path) as (keys, write):
            write(each for each in keys if each.id != made.id)
        say(f"footfall: the secret cannot be shown ({error.strerror}): no key was made", err=True)
        sys.exit(1)
    say(f"key {made.id} is in {path}; this is its secret, shown once", err=True)


@key.command(name="list")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
@_FILE
def list_(as_json: bool, keys_file: Path | None) -> None:
    """Show the keys of the file and of variables: what they may do, and whether they still do.

    No secret is shown: none is kept.
    """
    settings = read_settings_or_exit(KEYS_FILE=keys_file)
    with _told():
        keys = all_keys(settings)
    now = now_ms()
    if as_json:
        say_json(msgspec.json.encode(as_documents(keys, now)).decode())
    else:
        say("\n".join(key_table(keys, now)))


@key.command()
@click.argument("key_id", metavar="ID")
@_FILE
def revoke(key_id: str, keys_file: Path | None) -> None:
    """Take a key away, by its ID: within a second it opens nothing any more.

    It stays in the file, so that whoever still sends it is told that it was revoked. A key of a
    variable goes with the variable. A whole secret will do for the ID, and is not repeated. Exit
    codes: 0 it is revoked, 1 there is no such key.
    """
    if SECRET.fullmatch(key_id):
        key_id = id_of(key_id)
    path = _path(keys_file)
    with _changing(path) as (keys, write):
        if not any(each.id == key_id for each in keys):
            # It may be a secret that something is missing of.
            named = key_id if KEY_ID.fullmatch(key_id) else "of that name"
            raise SettingsError(f"there is no key {named} in {path}: footfall key list shows them")
        write(_revoked(keys, key_id))
    say(f"key {key_id} is revoked", err=True)


def _path(given: Path | None) -> Path:
    path = read_settings_or_exit(KEYS_FILE=given).keys_file
    if path is None:
        raise click.UsageError(
            "KEYS_FILE is not set: set it here and for the roles that serve, or name the file with "
            "--keys-file"
        )
    return path


@contextmanager
def _changing(path: Path) -> Iterator[tuple[Sequence[Key], Callable[[Iterable[Key]], None]]]:
    """The keys that are there, and what writes others in their place."""
    with _told(), changing(path) as write:
        yield read_file(path).keys if path.exists() else (), write


@contextmanager
def _told() -> Iterator[None]:
    """What goes wrong ends the process with a sentence, exit code 1."""
    try:
        yield
    except SettingsError as error:
        say(f"footfall: {error}", err=True)
        sys.exit(1)
    except OSError as error:
        say(f"footfall: {error.filename or 'the file of keys'}: {error.strerror}", err=True)
        sys.exit(1)


def _print_for_env(made: Key, secret: str) -> None:
    if len(made.rights) > 1 or made.sites or made.expires_ms or made.name:
        raise click.UsageError(
            "a variable says nothing of a key but its right: with --for-env there is one --right "
            "and neither --site, --expires nor --name"
        )
    (right,) = made.rights
    say(f"{right.name}_KEY={secret}")


def _revoked(keys: Iterable[Key], key_id: str) -> list[Key]:
    now = now_ms()
    return [
        each._replace(revoked_ms=now) if each.id == key_id and each.revoked_ms is None else each
        for each in keys
    ]
