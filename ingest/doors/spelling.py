"""Percent-encoding, in one spelling: what a reader sees, and escapes where they mean something."""

import re

_ESCAPES = re.compile(r"((?:%[0-9A-Fa-f]{2})+)")
# C0, DEL and C1 can be in no page, and what divides an address means another one as a letter.
_SPECIAL = re.compile(r"[\x00-\x1f\x7f-\x9f/?#%]")
_SPECIAL_IN_QUERY = re.compile(r"[\x00-\x1f\x7f-\x9f/?#%&=+]")
# A percent sign that begins no escape. As no text has it that may be spelled, it can stand for one.
_PERCENT = "\x00"
_LIKE_AN_ESCAPE = re.compile(_PERCENT + r"(?=[0-9A-Fa-f]{2})")
_NO_TEXT = re.compile("([\udc80-\udcff]+)")
_SPACES_BEHIND = re.compile(r" +\Z")


def spelled(text: str, special: re.Pattern[str] = _SPECIAL) -> str:
    """`text` decoded, as far as that leaves its meaning: spelled once more it is the same.

    Bytes that are no UTF-8 stay as they are written. `text` has no control characters.
    """
    if "%" not in text:
        return text
    parts = _ESCAPES.split(text)
    parts[::2] = [plain.replace("%", _PERCENT) for plain in parts[::2]]
    parts[1::2] = [_decoded(run, special) for run in parts[1::2]]
    return _LIKE_AN_ESCAPE.sub("%25", "".join(parts)).replace(_PERCENT, "%")


def spelled_in_query(text: str) -> str:
    """The same for a name or value of a query, where a plus is a space."""
    return spelled(text.replace("+", " "), _SPECIAL_IN_QUERY)


def ended(text: str) -> str:
    """`text` without spaces at its end: those that were escaped are again."""
    return _SPACES_BEHIND.sub(lambda found: "%20" * len(found[0]), text)


def text_of(data: bytes) -> str:
    """Bytes as text, those that are no UTF-8 as escapes."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return "".join(
            part if fits else "".join(f"%{ord(letter):02X}" for letter in part)
            for fits, part in _parts(data)
        )


def _decoded(run: str, special: re.Pattern[str]) -> str:
    """A run of escapes."""
    written, at = [], 0
    for fits, part in _parts(bytes.fromhex(run.replace("%", ""))):
        end = at + 3 * len(part.encode() if fits else part)
        written.append(special.sub(_kept, part) if fits else run[at:end])
        at = end
    return "".join(written)


def _kept(found: re.Match[str]) -> str:
    return _PERCENT if found[0] == "%" else _escaped(found[0])


def _parts(data: bytes) -> list[tuple[bool, str]]:
    """What is UTF-8 as text, and what is not as a letter a byte."""
    # A byte that is no UTF-8 becomes half of a character, of which no UTF-8 has any.
    parts = _NO_TEXT.split(data.decode(errors="surrogateescape"))
    return [
        (False, part.encode(errors="surrogateescape").decode("latin-1")) if at % 2 else (True, part)
        for at, part in enumerate(parts)
        if part
    ]


def _escaped(letter: str) -> str:
    return "".join(f"%{byte:02X}" for byte in letter.encode())
