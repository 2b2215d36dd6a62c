"""Keys as they are kept, and finding the one that somebody shows."""

import hmac
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from domain.errors import SettingsError
from domain.hours import as_moment
from domain.key_secrets import SECRET, digest_of, id_of
from domain.keys import Caller, Right

# Not a hash of anything anybody could send.
_NO_DIGEST = bytes(32)


class Key(NamedTuple):
    """One key: its public `id`, and the `digest` of its secret, which nobody keeps.

    `sites` are the only ones it may read of, None: all. Moments are milliseconds since 1970, None:
    never.
    """

    id: str
    rights: frozenset[Right]
    digest: bytes
    name: str = ""
    sites: frozenset[str] | None = None
    created_ms: int | None = None
    expires_ms: int | None = None
    revoked_ms: int | None = None

    @property
    def caller(self) -> Caller:
        """Whoever has it. An administrator may do everything."""
        rights = frozenset(Right) if Right.ADMIN in self.rights else self.rights
        return Caller(self.id, rights, self.sites)

    def fault(self, now_ms: int) -> str | None:
        """Why it opens nothing now, in a sentence; None where it does."""
        if self.revoked_ms is not None:
            return f"the key {self.id} was revoked at {as_moment(self.revoked_ms)}"
        if self.expires_ms is not None and self.expires_ms <= now_ms:
            return f"the key {self.id} expired at {as_moment(self.expires_ms)}"
        return None


_NOBODY = Key("", frozenset(), _NO_DIGEST)


class Ring:
    """Several keys at once, so that a new one can be handed out before the old one goes."""

    def __init__(self, keys: Iterable[Key] = ()) -> None:
        """Raises `SettingsError` where two keys have one name."""
        self.keys: Sequence[Key] = tuple(keys)
        self._by_id = {key.id: key for key in self.keys}
        self._callers = {key.id: key.caller for key in self.keys}
        if len(self._by_id) < len(self.keys):
            ids = [key.id for key in self.keys]
            twice = next(each for each in ids if ids.count(each) > 1)
            raise SettingsError(f"the key {twice} is there twice: take one of the two away")

    def key_of(self, secret: str) -> Key | None:
        """The key with that secret, None where there is none; it may be past its time.

        A secret that no key is named in takes the same way as a wrong one of a key: it is hashed
        whole and compared in a time that says nothing of what is compared.
        """
        found = self._by_id.get(id_of(secret), _NOBODY)
        same = hmac.compare_digest(digest_of(secret), found.digest)
        return found if same and found is not _NOBODY else None

    def caller_of(self, key: Key) -> Caller:
        """Whoever has this key, which is one of these."""
        return self._callers[key.id]

    def opens(self, right: Right, now_ms: int) -> bool:
        """Is there a key that has that right now?"""
        return any(
            right in self._callers[key.id].rights for key in self.keys if not key.fault(now_ms)
        )


Keys = Callable[[], Ring]
"""The keys as they are now."""


def keys_of_variable(name: str, text: str, right: Right) -> Sequence[Key]:
    """The keys that a variable holds as whole secrets, commas between.

    Raises `SettingsError`, which never repeats what was given.
    """
    secrets = [each.strip() for each in text.split(",") if each.strip()]
    if not all(SECRET.fullmatch(secret) for secret in secrets):
        message = (
            f"{name} is no key of Footfall's: footfall key new --right {right.value} --for-env "
            "makes one"
        )
        raise SettingsError(message)
    return [Key(id_of(each), frozenset({right}), digest_of(each), name) for each in secrets]
