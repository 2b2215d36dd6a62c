"""A script as it is answered: to every page, by whoever it is served."""

from web.content import Content, content
from web.problems import Headers

_MEDIA_TYPE = b"application/javascript; charset=utf-8"
# Whatever page has the tag may load it, with or without `crossorigin`.
_ANYWHERE: Headers = (
    (b"access-control-allow-origin", b"*"),
    (b"cross-origin-resource-policy", b"cross-origin"),
    (b"x-content-type-options", b"nosniff"),
    (b"vary", b"accept-encoding"),
)


def script(source: bytes, caching: bytes) -> Content:
    """A script to answer with; `caching` is what it says to caches."""
    return content(source, _MEDIA_TYPE, ((b"cache-control", caching), *_ANYWHERE))
