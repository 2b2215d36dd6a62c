"""User agents as strangers send them, made fit to be looked at."""

import re

from domain.agents.viewers import MAX_TEXT_BYTES

MOST_SENT = 4_096
"""Characters of an agent; one that is longer says nothing."""

_BLANKS = re.compile(r"[ \t]+")
# Controls of both kinds, halves of surrogate pairs.
_BINARY = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


def cleaned(text: str) -> str:
    """An agent as one line, as far as it may be kept: its first `MAX_TEXT_BYTES` of UTF-8.

    Empty where it says nothing: it is empty, a dash, binary, or longer than `MOST_SENT`.
    """
    if len(text) > MOST_SENT:
        return ""
    line = _BLANKS.sub(" ", text).strip(" ")
    if line == "-" or _BINARY.search(line):
        return ""
    if len(line) <= MAX_TEXT_BYTES and line.isascii():
        return line
    return line.encode()[:MAX_TEXT_BYTES].decode("utf-8", "ignore").rstrip(" ")
