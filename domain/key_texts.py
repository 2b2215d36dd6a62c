"""The text of KEYS_FILE: a line of JSON for each key, lines that begin with # are comments.

No secret is in it, only hashes. Whoever may write it may come in, whoever reads it may not.
"""

from collections.abc import Iterable

import msgspec

from domain.errors import SettingsError
from domain.hours import as_moment, parse_instant
from domain.key_ring import Key, Ring
from domain.key_secrets import KEY_ID
from domain.keys import Right
from domain.shown import printable
from domain.sites import is_site

MAX_TEXT_BYTES = 1_000_000
MAX_NAME = 100
_DIGEST_LETTERS = 64
HEADER = "# Keys of Footfall, hashed; footfall key changes them. A line of JSON for each.\n"


class _Line(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One key. Members nobody knows are refused: they may be what restricts it."""

    id: str
    name: str = ""
    rights: list[Right]
    sites: list[str] | None = None
    created: str | None = None
    expires: str | None = None
    revoked: str | None = None
    sha256: str


_decode = msgspec.json.Decoder(_Line).decode
_encode = msgspec.json.Encoder().encode


def keys_text(keys: Iterable[Key]) -> str:
    """The keys as `read_keys` reads them."""
    return HEADER + "".join(f"{_encode(_line(key)).decode()}\n" for key in keys)


def read_keys(text: bytes) -> Ring:
    """The keys in the text of a file. Raises `SettingsError` with the line that is wrong.

    All of them or none: of a file that is broken nobody knows what was meant.
    """
    found = []
    for number, line in enumerate(text.split(b"\n"), 1):
        if line.strip() and not line.lstrip().startswith(b"#"):
            try:
                found.append(_key(_decode(line)))
            except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
                raise SettingsError(f"line {number} is no key: {printable(str(error))}") from None
            except SettingsError as error:
                raise SettingsError(f"line {number}: {error}") from None
    return Ring(found)


def require_sound(key: Key) -> Key:
    """The key. Raises `SettingsError` where it could not mean what it says."""
    if not key.rights:
        raise SettingsError("a key has at least one right: ingest, read or admin")
    if key.sites is not None and key.rights != {Right.READ}:
        raise SettingsError("only a key that reads and does nothing else can be of some sites")
    if key.sites is not None and (not key.sites or not all(map(is_site, key.sites))):
        message = (
            "a site is what stands before a page's first slash, such as example.com: name one at "
            "least, each in full, without scheme and path"
        )
        raise SettingsError(message)
    if len(key.name) > MAX_NAME or not key.name.isprintable():
        raise SettingsError(f"a name has at most {MAX_NAME} characters, all of which can be seen")
    return key


def _key(line: _Line) -> Key:
    if not KEY_ID.fullmatch(line.id):
        raise SettingsError("id is not the eight letters that stand in a key behind ffk_")
    key = Key(
        line.id,
        frozenset(line.rights),
        _digest(line.sha256),
        line.name,
        None if line.sites is None else frozenset(line.sites),
        *(_moment(text) for text in (line.created, line.expires, line.revoked)),
    )
    return require_sound(key)


def _digest(text: str) -> bytes:
    try:
        if len(text) == _DIGEST_LETTERS:
            return bytes.fromhex(text)
    except ValueError:
        pass
    raise SettingsError("sha256 is not 64 hexadecimal digits")


def _moment(text: str | None) -> int | None:
    if text is None:
        return None
    try:
        return parse_instant(text)
    except ValueError:
        message = f"{printable(text)!r} is no moment: write one such as 2026-01-31T00:00:00Z"
        raise SettingsError(message) from None


def _line(key: Key) -> _Line:
    return _Line(
        id=key.id,
        name=key.name,
        rights=[right for right in Right if right in key.rights],
        sites=None if key.sites is None else sorted(key.sites),
        created=_text(key.created_ms),
        expires=_text(key.expires_ms),
        revoked=_text(key.revoked_ms),
        sha256=key.digest.hex(),
    )


def _text(at_ms: int | None) -> str | None:
    return None if at_ms is None else as_moment(at_ms)
