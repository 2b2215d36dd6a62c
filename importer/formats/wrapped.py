"""Lines that a container's runtime wrote down for the program within."""

import re

from importer.formats.members import bytes_of, read
from importer.views import MAX_LINE_BYTES

_KUBERNETES = re.compile(
    rb"\d{4}-\d\d-\d\dT\S{1,40} (?P<stream>stdout|stderr) (?P<tag>[FP])(?::\S*)? (?P<line>.*)",
    re.DOTALL,
)
# Docker and containerd cut what is longer; Docker marks the pieces by nothing but a missing line
# feed, which others leave out everywhere.
_PIECE_BYTES = 16_384
# Half a character at the end of a piece is written as a whole one, or left out.
_SLACK = 8


class Wrapped:
    """Takes lines out of Docker's json-file and Kubernetes' CRI log, and puts cut ones together."""

    def __init__(self) -> None:
        self._begun: dict[str, bytes] = {}

    def line_in(self, line: bytes) -> bytes | None:
        """What the program wrote; None where the line goes on in one of the next.

        A line that nobody wrapped is given back. Of what is too long only so much is kept that it
        can be told. Never raises.
        """
        if line[:1] == b"{":
            return self._docker(line)
        if line[10:11] == b"T" and (found := _KUBERNETES.fullmatch(line)):
            return self._joined(found["stream"].decode(), found["line"], found["tag"] == b"P")
        return line

    def _docker(self, line: bytes) -> bytes | None:
        if b'"log":' not in line or b'"stream":' not in line:
            return line
        found = read(line)
        text, stream = (found.members.get(name) for name in ("log", "stream")) if found else (0, 0)
        if not isinstance(text, str) or stream not in ("stdout", "stderr"):
            return line
        written = bytes_of(text)
        goes_on = not written.endswith(b"\n") and len(written) >= _PIECE_BYTES - _SLACK
        return self._joined(str(stream), written.rstrip(b"\r\n"), goes_on)

    def _joined(self, stream: str, piece: bytes, goes_on: bool) -> bytes | None:
        whole = (self._begun.pop(stream, b"") + piece)[: MAX_LINE_BYTES + 1]
        if not goes_on:
            return whole
        self._begun[stream] = whole
        return None
