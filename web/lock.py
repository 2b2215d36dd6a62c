"""Who comes in: what the header Authorization is worth, and what is said to those outside."""

from collections.abc import Callable

from domain import problems
from domain.errors import Problem
from domain.key_ring import Keys
from domain.keys import ANYBODY, Caller, Right
from domain.ports.common import Clock
from web.problems import Answer, problem

Caught = Caller | str
"""Who asks, or why that is not known, in a sentence."""

NO_KEY = "this needs a key: send it as Authorization: Bearer KEY"
_OTHER_SCHEME = "the header Authorization is of another kind: send Authorization: Bearer KEY"
_TWICE = "the header Authorization is there twice: send it once"
_UNKNOWN = "the key that was sent is none of this service's: it is mistyped, or was taken away"

CHALLENGE = (b"www-authenticate", b'Bearer realm="footfall"')
"""What is said to whoever has shown no key (RFC 6750)."""
SEVERAL = "several"
"""In place of the header where there is more than one; no scheme is called that."""


def nobody_locks(_: str | None) -> Caught:
    """The lock of a service without keys: whatever is sent, everybody is let in."""
    return ANYBODY


Lock = Callable[[str | None], Caught]
"""Asked with the value of Authorization, None where it was not sent."""


def lock_of(keys: Keys, now_ms: Clock) -> Lock:
    """The lock that `keys` open."""

    def caller(authorization: str | None) -> Caught:
        if authorization is None:
            return NO_KEY
        scheme, _, secret = authorization.partition(" ")
        if scheme.lower() != "bearer":
            return _TWICE if authorization == SEVERAL else _OTHER_SCHEME
        ring = keys()
        key = ring.key_of(secret.strip())
        if key is None:
            return _UNKNOWN
        return key.fault(now_ms()) or ring.caller_of(key)

    return caller


def locked_out(found: Caught, right: Right, method: str) -> Answer:
    """What somebody is told who lacks a key, or whose key lacks that right.

    The challenge is that of RFC 6750.
    """
    name, challenge = CHALLENGE
    if isinstance(found, str):
        detail, kind = found, problems.UNAUTHORIZED
    else:
        detail = f"this needs a key with the right {right.value}, and {found.key} has none"
        kind = problems.FORBIDDEN
        challenge += f', error="insufficient_scope", scope="{right.value}"'.encode()
    return problem(kind, detail, [Problem("", detail)], [(name, challenge)], method)
