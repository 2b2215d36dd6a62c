"""The beginning of a request, up to its empty line, before a parser sees it. Pure.

The parser (llhttp, by way of httptools) takes an Upgrade that nobody takes for one that is: it
passes the body over and reads it as the next request. A server may ignore the header (RFC 9110,
7.8), so it is left out of what the parser sees.
"""

import re

END = b"\r\n\r\n"
_UPGRADE = re.compile(rb"\r\n(?:upgrade|http2-settings)[ \t]*:[^\r\n]*", re.IGNORECASE)
_METHOD = re.compile(rb"([A-Z][A-Z_-]{0,31}) ")
_BEGUN_LINE = re.compile(rb"[A-Z][A-Z_-]{0,31}(?: |\Z)|[A-Z][A-Z_-]{0,31}\Z")
_LINE = re.compile(rb"[A-Z][A-Z_-]{0,31} [^\x00-\x20\x7f]+ HTTP/1\.[01]\r\n")
_VERSIONS = (b" HTTP/1.1", b" HTTP/1.0")
_ABSOLUTE = re.compile(rb"[A-Za-z][A-Za-z0-9+.-]*://([^/?]*)")
_HIGH = re.compile(rb"[\x80-\xff]")


def without_upgrade(head: bytes) -> bytes:
    """`head` without the headers that ask for another protocol."""
    return _UPGRADE.sub(b"", head) if b"upgrade" in head.lower() else head


def percent_encoded(head: bytes) -> bytes:
    """`head` with the raw bytes of its target beyond ASCII written as a target has them.

    The parser refuses them with a sentence that helps nobody; what they mean is for who answers.
    """
    if head.isascii():
        return head
    line, rest = head.split(b"\r\n", 1)
    return _HIGH.sub(lambda found: b"%%%02X" % found[0][0], line) + b"\r\n" + rest


def is_beginning(data: bytes) -> bool:
    """Whether bytes that are no whole head can become that of a request.

    What cannot is refused at once; its end would be waited for in vain.
    """
    if b"\n" not in data:
        return _BEGUN_LINE.match(data) is not None
    return _LINE.match(data) is not None and b"\n" not in data.replace(b"\r\n", b"")


def line_of(head: bytes) -> bytes:
    """The request line of a whole head, b"" where it is spelled in another way than the one.

    The parser takes other versions (0.9, 2.0) and more blanks: a front may read them otherwise. All
    else about the line is the parser's to judge.
    """
    line = head[: head.find(b"\r\n")]
    return line if line.endswith(_VERSIONS) and line.count(b" ") == 2 else b""


def host_of(target: bytes) -> bytes | None:
    """The host that a target names itself (RFC 9112, 3.2.2), None where it is a path."""
    found = _ABSOLUTE.match(target)
    return found[1] if found else None


def method_of(head: bytes) -> str:
    """The method that bytes begin with, "" where that is not whole."""
    found = _METHOD.match(head)
    return found[1].decode() if found else ""
