"""JSON objects as logs hold them: also such that are no JSON to the letter."""

import json
import re
from typing import Final, NamedTuple

_START = re.compile(rb'\{\s*+["}]')
_TOKEN = re.compile(
    rb'"(?P<text>(?:[^"\\]++|\\.)*+)(?P<shut>")?'
    rb'|:(?P<bare>[^"{}\[\]]*+)|(?P<open>[{\[])|(?P<close>[}\]])|(?P<comma>,)',
    re.DOTALL,
)
_ATOM = re.compile(rb"(?:-?(?:0|[1-9]\d*+)(?:\.\d++)?(?:[Ee][+-]?\d++)?|true|false|null)")
# What is JSON already, in one piece, and the two kinds of what may not be.
_PIECE = re.compile(
    rb'(?P<right>(?:"[^"\\]*+"|[{}\[\],\s]|:\s*+(?=["{\[])|:\s*+'
    + _ATOM.pattern
    + rb'(?=\s*+[,}\]]))++)|"(?P<text>(?:[^"\\]++|\\.)*+)(?P<shut>")?|:(?P<bare>[^"{}\[\]]*+)',
    re.DOTALL,
)
_ESCAPE = re.compile(rb'\\(?:x([0-9A-Fa-f]{2})|(["\\/bfnrt]|u[0-9A-Fa-f]{4})|(.))', re.DOTALL)
_SURROGATE = re.compile("[\ud800-\udfff]")
_DEEPEST = 100


class Twice:
    """In place of a member that an object has more than once, with values that differ."""


TWICE: Final = Twice()

Member = str | bool | dict[str, "Member"] | list["Member"] | Twice | None
"""Numbers are the text they were written as, whatever their length."""


class Found(NamedTuple):
    """An object with what stands before and behind it; whether its end was cut off."""

    members: dict[str, Member]
    before: bytes = b""
    behind: bytes = b""
    is_cut: bool = False


def read(line: bytes) -> Found | None:
    r"""The first object of a line, None where there is none or it cannot be read. Never raises.

    Where it is no JSON it is read once more, as servers fill in a format that looks like it:
    escapes are `\xhh`, values stand without quotes or are left out. One that ends too early has
    what stands before its last comma.
    """
    start = _START.search(line)
    if start is None:
        return None
    before, stored = line[: start.start()], line[start.start() :]
    found = _decoded(stored)
    if found is None:
        found = _decoded(_PIECE.sub(_piece, stored))
    if found is None:
        mended, behind = _mended(stored)
        found = _decoded(mended)
        if found is None:
            return None
        found = found._replace(behind=behind or b"", is_cut=behind is None)
    return found._replace(before=before)


def bytes_of(text: str) -> bytes:
    """The bytes of a text that `read` found, as the log has them."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        # Half a character, by an escape of JSON.
        return _SURROGATE.sub("\ufffd", text).encode()


def _object(pairs: list[tuple[str, Member]]) -> dict[str, Member]:
    found = dict(pairs)
    if len(found) < len(pairs):
        found = {}
        for name, value in pairs:
            if found.setdefault(name, value) != value:
                found[name] = TWICE
    return found


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=str, parse_float=str, parse_constant=str, strict=False
)


def _decoded(stored: bytes) -> Found | None:
    text = stored.decode("utf-8", "surrogateescape")
    try:
        members, end = _DECODER.raw_decode(text)
    except (ValueError, RecursionError):
        return None
    return Found(members, behind=bytes_of(text[end:]))


def _piece(found: re.Match[bytes]) -> bytes:
    if found["shut"] is not None:
        return b'"%s"' % _ESCAPE.sub(_escape, found["text"])
    if found["bare"] is not None:
        value, ends_with_comma = _value(found["bare"], found.string[found.end() : found.end() + 1])
        return b":" + value + (b"," if ends_with_comma else b"")
    return found[0]


def _mended(stored: bytes) -> tuple[bytes, bytes | None]:
    """The object as JSON, and what stands behind it: None where its end was cut off."""
    pieces: list[bytes] = []
    closers, at = b"", 0
    whole, whole_closers = 0, b""
    for token in _TOKEN.finditer(stored):
        pieces.append(stored[at : token.start()])
        at = token.end()
        ends_with_comma = False
        if token["text"] is not None:
            pieces.append(b'"%s"' % _ESCAPE.sub(_escape, token["text"]))
        elif token["bare"] is not None:
            value, ends_with_comma = _value(token["bare"], stored[at : at + 1])
            pieces.append(b":" + value)
        else:
            pieces.append(token[0])
        if token["text"] is not None and not token["shut"]:
            break
        if token["open"]:
            closers = (b"}" if token["open"] == b"{" else b"]") + closers
        elif token["close"]:
            closers = closers[1:]
            _drop_comma(pieces)
        if not closers or len(closers) > _DEEPEST:
            return b"".join(pieces), stored[at:]
        if token["comma"] or ends_with_comma:
            whole, whole_closers = len(pieces), closers
            if ends_with_comma:
                pieces.append(b",")
    kept = b"".join(pieces[:whole])
    return kept.removesuffix(b",") + whole_closers, None


def _drop_comma(pieces: list[bytes]) -> None:
    """One that nothing follows before the end of its object."""
    *_, comma, blank, _ = [b"", *pieces[-3:]]
    if comma == b"," and not blank.strip():
        pieces[-3] = b""


def _value(bare: bytes, following: bytes) -> tuple[bytes, bool]:
    """What stands behind a colon, and whether a comma ends it: one at the end may be within it."""
    value = bare.strip()
    if not value and following in (b'"', b"{", b"["):
        return b"", False
    text = value.removesuffix(b",").rstrip()
    if not _ATOM.fullmatch(text):
        text = b'"%s"' % text.replace(b"\\", b"\\\\")
    return text, bool(following) and value.endswith(b",")


def _escape(found: re.Match[bytes]) -> bytes:
    hexadecimal, known, other = found.groups()
    if hexadecimal is None:
        return found[0] if known is not None else b"\\\\" + other
    code = int(hexadecimal, 16)
    if code < 0x20:
        return b"\\u%04x" % code
    return b"\\" + bytes([code]) if code in b'"\\' else bytes([code])
