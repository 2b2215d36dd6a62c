"""What strangers sent, and addresses, as they may stand in a message."""

import re

_PASSWORD = re.compile(r"(?<=://)([^/?#:@]*):[^/?#]*@")


def printable(text: str) -> str:
    """`text` with everything replaced that a terminal would obey and not show."""
    return "".join(character if character.isprintable() else "\ufffd" for character in text)


def without_password(url: str) -> str:
    """`http://user:***@host` for `http://user:secret@host`."""
    return _PASSWORD.sub(r"\1:***@", url)
