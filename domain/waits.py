"""What a database waits for that gives no answer."""

from typing import NamedTuple

from domain.errors import StoreUnavailable


class Wait(NamedTuple):
    """`what` may be told to whoever asks over HTTP; `more` is for operators: names, what to do."""

    what: str
    more: str = ""


def not_committed(seconds: float, wait: Wait) -> StoreUnavailable:
    """What to say of it after so long."""
    told = f"the database has not committed for {seconds:.0f} s: {wait.what}"
    return StoreUnavailable(told + wait.more, told=told)
