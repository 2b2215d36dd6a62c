"""Lines of CloudFront's standard logs to views."""

import re
from typing import ClassVar
from urllib.parse import unquote_to_bytes

from importer.formats.w3c import W3C, Columns, is_fields_line
from importer.views import Skip

_COLUMNS = (
    b"date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status cs(Referer)"
    b" cs(User-Agent) cs-uri-query cs(Cookie) x-edge-result-type x-edge-request-id x-host-header"
).split()
_FIRST_VERSION = 12
_CERTAIN = re.compile(
    rb"\d{4}-\d\d-\d\d\t\d\d:\d\d:\d\d\t[A-Z]{3}\d[A-Z0-9-]*+\t\d++\t[0-9A-Fa-f:.]++\t[A-Z]++\t"
    rb"[^\t]++\t/[^\t]*+\t\d{3}\t"
)
_OWN = re.compile(rb"(?i:[: \t](?:x-edge-|x-host-header|fle-|distributionid|origin-fbl))")
# What it encodes although nothing asks for that: the percent sign of what is encoded, and `~`.
_ENCODED = re.compile(rb"%(?:25(?=[0-9A-Fa-f]{2})|7[Ee])")


class CloudFront(W3C):
    """Parses the lines of one file, or of several behind one another, in their order."""

    name = "cloudfront"
    # The distribution's own name where the viewer's host is not told.
    hosts: ClassVar[tuple[bytes, ...]] = (b"x-host-header", b"cs(host)")

    def usual(self, line: bytes) -> Columns | None:
        """The columns of a line before any `#Fields`: the first ones never changed."""
        width = line.count(b"\t") + 1
        if width < _FIRST_VERSION or not _CERTAIN.match(line):
            return None
        return self.columns_of([*_COLUMNS[:width], *[b""] * (width - len(_COLUMNS))])

    def path_of(self, stem: bytes) -> bytes:
        """The path as it was requested: `%2520` in the log was `%20`, and `%7E` was `~`."""
        return _ENCODED.sub(_decoded, stem) if b"%" in stem else stem

    def agent_of(self, field: bytes) -> bytes:
        """The user agent as it was sent: encoded once, and earlier twice."""
        text = unquote_to_bytes(field)
        return unquote_to_bytes(text) if b"%20" in text else text

    def _header(self, line: bytes) -> Skip:
        if is_fields_line(line) and not is_cloudfront_line(line):
            self._columns = None
            return Skip.MALFORMED_LINE
        return super()._header(line)


def is_cloudfront_line(line: bytes) -> bool:
    """Whether the line names columns of which one is CloudFront's own."""
    return is_fields_line(line) and _OWN.search(line) is not None


def _decoded(found: re.Match[bytes]) -> bytes:
    return b"%" if found[0] == b"%25" else b"~"
