"""Scripts out of their parts: plain JavaScript, without comments and indentation."""

from collections.abc import Collection, Sequence
from importlib.resources import files

from web.stripping import stripped_javascript

_COMMON = ("quiet", "post", "once", "address", "watch")
_OWN = (*_COMMON, "own")
_CLASSIC = (*_COMMON, "event", "classic")
_QUEUED = (*_COMMON, "event", "queued")
_SWITCHES = ("hash", "local", "manual")
_EXCLUSIONS = "exclusions"

NEWEST = 1
"""The newest of the scripts that are kept in `versions/`, under a name for ever."""

SWITCHES = (*_SWITCHES, _EXCLUSIONS)
"""What in the name of a classic script changes what it does."""


def own() -> bytes:
    """What `/tracker.js` is made of: the newest kept version is this."""
    return _assembled(_parts(_OWN))


def kept(version: int) -> bytes:
    """A version of it as it was released; it never changes."""
    return (files(__package__) / "versions" / f"{version}.js").read_bytes()


def classic(asked: Collection[str]) -> bytes:
    """A script whose tag has `data-domain`, with those of `SWITCHES` that are `asked`."""
    states = [f"{name} = {int(name in asked)}" for name in _SWITCHES]
    if _EXCLUSIONS not in asked:
        return _assembled([f"const {', '.join([*states, 'excluded = 0'])}", *_parts(_CLASSIC)])
    return _assembled([f"const {', '.join(states)}", *_parts((_EXCLUSIONS, *_CLASSIC))])


def queued() -> bytes:
    """A script that is told in the page what to do, by `plausible.init`."""
    return _assembled(_parts(_QUEUED))


def _parts(names: Sequence[str]) -> list[str]:
    return [(files(__package__) / "source" / f"{name}.js").read_text() for name in names]


def _assembled(parts: Sequence[str]) -> bytes:
    lines = [line for part in parts for line in stripped_javascript(part)]
    return "\n".join(["(() => {", *lines, "})()", ""]).encode()
