"""From the target of a logged request to the name of its page."""

import re
from urllib.parse import unquote

STATIC_EXTENSIONS = frozenset(
    {
        *("css", "js", "mjs", "map", "wasm", "webmanifest", "woff", "woff2", "ttf", "otf", "eot"),
        *("png", "apng", "jpg", "jpeg", "jfif", "gif", "svg", "svgz", "ico", "webp", "avif"),
        *("bmp", "cur", "tif", "tiff", "heic", "heif", "jxl"),
        *("mp3", "mp4", "m4a", "m4v", "m3u8", "webm", "ogg", "oga", "ogv", "wav", "flac", "aac"),
    }
)

_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^/?]*")
_HOST_AND_PATH = re.compile(r"[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+(?::\d+)?(?=/)")
_PARAMETERS = re.compile(r"[;?]")
_ESCAPE = re.compile(rb'\\(?:x([0-9A-Fa-f]{2})|([\\"bfnrtv]))')
_LETTERS = dict(zip(b'\\"bfnrtv', b'\\"\b\f\n\r\t\v', strict=True))


def unescape(target: bytes) -> bytes:
    r"""The bytes that Apache and nginx wrote as `\xhh`, `\"`, `\\`, `\n` and such."""
    return _ESCAPE.sub(_byte, target) if b"\\" in target else target


def _byte(found: re.Match[bytes]) -> bytes:
    return bytes.fromhex(found[1].decode()) if found[1] else bytes([_LETTERS[found[2][0]]])


def text_of(raw: bytes) -> str:
    """UTF-8, else Windows-1252 as browsers read Latin-1, else Latin-1 itself."""
    for encoding in ("utf-8", "windows-1252"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return raw.decode("latin-1")


def origin_form(page: str) -> str:
    """The path of a target: without an address of its own, and with the slash that it lacks."""
    if page.startswith("/"):
        return page
    address = _ABSOLUTE.match(page) or _HOST_AND_PATH.match(page)
    path = page[address.end() :] if address else page
    return path if path.startswith("/") else "/" + path


def is_static(page: str) -> bool:
    """Whether the page's last segment, parameters cut, has the extension of a static asset."""
    path = _PARAMETERS.split(unquote(page), maxsplit=1)[0]
    _, dot, extension = path.rpartition("/")[2].rpartition(".")
    return bool(dot) and extension.lower() in STATIC_EXTENSIONS
