"""Where a body in chunks ends (RFC 9112, 7.1). Pure.

The parser behind says so too, but not how much of what it was given it used: what stands behind
the end is another request, and must not be seen before this one is answered.
"""

import re

# Extensions are passed over; what signs each chunk needs about a hundred bytes.
_LINE_BYTES = 4_096
# What may stand around the chunks, beside a multiple of what is in them.
_AROUND_BYTES = 65_536
_AROUND_TIMES = 16
_SIZE_LINE = re.compile(rb"([0-9A-Fa-f]{1,15})(?:;[^\x00-\x08\x0a-\x1f\x7f]*)?\r\n")
_END = b"\r\n\r\n"


class NoChunks(Exception):
    """These bytes are no body in chunks that is read; the message is told."""

    def __init__(
        self, why: str = "the body is not in chunks, as Transfer-Encoding says it is"
    ) -> None:
        super().__init__(why)


class Chunks:
    """Follows one body piece by piece; reads each byte once, however it is cut."""

    def __init__(self) -> None:
        self._left = 0
        """Of the data of a chunk and its line end."""
        self._begun = b""
        """Of a line, or behind the last chunk what may be a part of the end."""
        self._last = False
        self._around = 0
        """Bytes around chunks beyond what those in them make room for."""

    def end_in(self, data: bytes) -> int | None:
        """How many bytes of `data` are the body's last, or None where all are and more will come.

        Raises `NoChunks`.
        """
        end = self._end_in(data)
        if self._around > _AROUND_BYTES:
            raise NoChunks("the body has more around its chunks than in them")
        return end

    def _end_in(self, data: bytes) -> int | None:
        at = 0
        while at < len(data):
            if self._last:
                return self._end_of_trailer(data, at)
            if self._left:
                step = min(self._left, len(data) - at)
                self._left -= step
                at += step
            else:
                at = self._behind_whole_chunks(data, at)
                if at < len(data):
                    at = self._behind_size_line(data, at)
        return None

    def _behind_whole_chunks(self, data: bytes, at: int) -> int:
        # Nothing is kept of them: a body may be cut into millions.
        if self._begun:
            return at
        while (found := _SIZE_LINE.match(data, at)) and (size := int(found[1], 16)):
            behind = found.end() + size + len(b"\r\n")
            if behind > len(data) or found.end() - at > _LINE_BYTES:
                break
            self._around += behind - at - size * (1 + _AROUND_TIMES)
            at = behind
        return at

    def _behind_size_line(self, data: bytes, at: int) -> int:
        found = data.find(b"\n", at, at + _LINE_BYTES)
        end = len(data) if found < 0 else found + 1
        line = self._begun + data[at:end]
        self._around += end - at
        if len(line) > _LINE_BYTES:
            raise NoChunks
        if found < 0:
            self._begun = line
            return end
        size = _SIZE_LINE.fullmatch(line)
        if size is None:
            raise NoChunks
        self._begun = b""
        self._left = int(size[1], 16)
        if self._left:
            # They have not come, but nothing else can come before.
            self._around += len(b"\r\n") - self._left * _AROUND_TIMES
            self._left += len(b"\r\n")
        else:
            self._last, self._begun = True, b"\r\n"
        return end

    def _end_of_trailer(self, data: bytes, at: int) -> int | None:
        seen = self._begun + data[at:]
        end = seen.find(_END)
        if end < 0:
            self._around += len(data) - at
            self._begun = seen[1 - len(_END) :]
            return None
        behind = at + end + len(_END) - len(self._begun)
        self._around += behind - at
        return behind
