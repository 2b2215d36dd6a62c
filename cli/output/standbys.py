"""What `footfall check` says of the servers that follow the database."""

from collections.abc import Iterator

from domain.standbys import Standbys

_AGAIN = "they are folded again from the log"


def standby_lines(found: Standbys) -> Iterator[str]:
    """Whether one has each commit before it is believed here."""
    names = ", ".join(one.name for one in found.connected)
    missing = f"commits may be missing on one that takes over, {_AGAIN}"
    if len(found.synchronous) > 1 and found.any_will_do:
        yield (
            f"OK    standby: {', '.join(found.synchronous)}: each commit is on as many of them as "
            f"synchronous_standby_names says ({found.wanted}): where the server is lost, let the "
            "one take over that is furthest"
        )
    elif found.synchronous:
        have = "has" if len(found.synchronous) == 1 else "have"
        yield f"OK    standby: {', '.join(found.synchronous)} {have} each commit (synchronous)"
    elif not names:
        yield (
            "NOTE  standby: none is connected; commits that are lost with the server are missing "
            f"from whatever replaces it, {_AGAIN}"
        )
    elif not found.wanted:
        yield f"NOTE  standby: {names} (asynchronous): {missing}"
    elif found.waits in ("off", "local"):
        yield (
            f"NOTE  standby: {names}: synchronous_commit is {found.waits} for role {found.role}, "
            f"so none is waited for: {missing}"
        )
    elif not found.sees:
        yield (
            f"NOTE  standby: {names}, synchronous_standby_names is {found.wanted}; which of them "
            f"is waited for is not shown to role {found.role}: GRANT pg_monitor TO {found.role}"
        )
    else:
        yield (
            f"NOTE  standby: {names}: none is one of synchronous_standby_names "
            f"({found.wanted}) now: {missing}"
        )


def answering_words(place: str, standby: bool) -> str:
    """Of whoever answers reports."""
    return f": {place}, {'a standby' if standby else 'which is no standby'}"
