"""What `options` in a URL of PostgreSQL asks for: settings of the session."""

import re
from collections.abc import Mapping

from domain.errors import SettingsError

_SETTING = re.compile(r"([A-Za-z_][A-Za-z0-9_.-]*)=(.*)", re.DOTALL)


def options_settings(name: str, options: str) -> Mapping[str, str]:
    """Names to values of `-c name=value` and `--name=value`; a backslash keeps a space.

    Raises `SettingsError`.
    """
    words = [re.sub(r"\\(.)", r"\1", word) for word in re.findall(r"(?:\\.|\S)+", options)]
    found: dict[str, str] = {}
    while words:
        word = words.pop(0)
        if word == "-c" and words:
            text = words.pop(0)
        else:
            text = re.sub(r"^(-c|--)", "", word) if word.startswith(("-c", "--")) else ""
        match = _SETTING.fullmatch(text)
        if match is None:
            raise SettingsError(f"{name}: options is not understood: write -c SETTING=VALUE")
        found[match[1].lower().replace("-", "_")] = match[2]
    if found.get("client_encoding", "UTF8").upper().replace("-", "") not in ("UTF8", "UNICODE"):
        message = "options asks for a client_encoding that is not UTF8: leave it out"
        raise SettingsError(f"{name}: {message}, Footfall speaks UTF8 only")
    found.pop("client_encoding", None)
    return found
