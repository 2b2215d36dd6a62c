"""What strangers sent, and addresses, as they may stand in a message."""

import re

# C0 and C1 controls, line separators, what turns the direction of text around, halves of surrogate
# pairs. Joiners stay: they are part of many a script's words.
_OBEYED = (
    "\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u206f\ufeff"
    "\ufff9-\ufffb\ud800-\udfff"
)
_IN_A_LINE = re.compile(f"[\t\n{_OBEYED}]")
_IN_LINES = re.compile(f"[{_OBEYED}]")
# Also where the password holds what should have been encoded; a port is none.
_LOGIN = re.compile(r"(?<=://)(?:[^\s/?#]*|[^\s/?#@:\[]*:(?!\d*(?:[\s,/?#]|$))[^\s@]*)@")
_SECRET = re.compile(r"(?i)((?:^|[?&;])(?:ssl)?(?:password|passwd|pwd|token|secret)=)[^&#\s]*")


def printable(text: str) -> str:
    """`text` as a piece of a line: everything replaced that a terminal would obey and not show."""
    return _IN_A_LINE.sub("\ufffd", text)


def printable_lines(text: str) -> str:
    """The same for text that has lines of its own: line feeds and tabs stay."""
    return _IN_LINES.sub("\ufffd", text)


def escaped(text: str) -> str:
    """`text` as a piece of a line, with escapes for what a terminal would obey."""
    return _IN_A_LINE.sub(
        lambda found: found[0].encode("unicode_escape", "surrogatepass").decode(), text
    )


def escaped_json(text: str) -> str:
    """JSON that says the same, with escapes for what a terminal would obey."""
    # Outside of strings there are none but line feeds and tabs, which stay.
    return _IN_LINES.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def without_password(url: str) -> str:
    """`http://user:***@host` for `http://user:secret@host`; secrets of a query go as well."""
    return _SECRET.sub(r"\1***", _LOGIN.sub(_login, url))


def address(host: object, port: object) -> str:
    """`127.0.0.1:3000`, `[::1]:3000`: a host and a port as one word."""
    return f"[{host}]:{port}" if ":" in str(host) else f"{host}:{port}"


def error_words(error: BaseException) -> str:
    """What kind of error it is, and what it says, if anything: some say nothing."""
    said = str(error).strip()
    return f"{type(error).__name__}: {said}" if said else type(error).__name__


def _login(found: re.Match[str]) -> str:
    user, colon, _ = found[0][:-1].partition(":")
    return f"{user}:***@" if colon else found[0]
