"""The virtual host that a line of a log names."""

import re

_NAME = rb"([A-Za-z0-9_-]++(?:\.[A-Za-z0-9_-]++)*+)(?::\d{1,5})?"
_ADDRESS = rb"(?:\d{1,3}(?:\.\d{1,3}){3}|(?=[^ ]*:)[0-9A-Fa-f:.]++)"
# Its first group could be read as a name.
_NO_IPV6 = rb"(?![0-9A-Fa-f]{0,4}:(?:[0-9A-Fa-f]{0,4}:)++[0-9A-Fa-f.]*+ )"
# A name or a name:port, and an address behind it: vhost_combined and its kin.
_HOST = _NO_IPV6 + _NAME + rb"(?:(?P<colon>:)| )" + _ADDRESS + rb",? "
_FIRST = re.compile(_HOST)
_BEFORE_TIME = re.compile(rb"[^\[]*+(?:\[\d++\][^\[]*+)?(?=\[ ?(?:\d|[A-Z][a-z]{2}\b))")
# Syslog's own host has an address behind it, too: only what ends in a mark is a prefix.
_PREFIXED = re.compile(
    rb"(?:.*[:|] ++|\d{4}-\d\d-\d\dT\S++ (?:std(?:out|err) [FP] )?)" + (_HOST + rb"\S++ \S++ ")
)
# As lighttpd writes it, and others with one more field. What identd told, which nobody asks any
# more, has no dot.
_SECOND = re.compile(_ADDRESS + rb" ((?:[A-Za-z0-9_-]++\.)+[A-Za-z]++)(?::\d{1,5})? (?:\S++ ){1,2}")
_NUMBERS = re.compile(rb"[0-9.]++")
# grep puts the file in front, and the number of the line.
_FILE = re.compile(rb"(?i:.*(?<![^._-])log(?![^._-])|.*\.(?:gz|bz2|xz|zst|txt|[0-9]++)$)")
_MOST_BYTES = 512
_FEWEST_BLANKS = 3


def host_of(line: bytes) -> bytes:
    """The virtual host, in lower case, where it is certain; else nothing."""
    found = _FIRST.match(line)
    if found and found["colon"] and _FILE.match(found[1]):
        return b""
    found = found or _elsewhere(line)
    return b"" if found is None or _NUMBERS.fullmatch(found[1]) else found[1].lower()


def _elsewhere(line: bytes) -> re.Match[bytes] | None:
    blank = line.find(b" ")
    # Most lines: one field, and nobody's name.
    if line.startswith(b" - - [", blank):
        return None
    before = _BEFORE_TIME.match(line[:_MOST_BYTES])
    blanks = before[0].count(b" ") if before else 0
    if before is None or blanks < _FEWEST_BLANKS:
        return None
    second = _SECOND.fullmatch(before[0])
    return second or (_PREFIXED.fullmatch(before[0]) if blanks > _FEWEST_BLANKS else None)
