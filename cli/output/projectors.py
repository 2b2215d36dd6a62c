"""What is said of projectors."""

from collections.abc import Sequence

from domain.processes import Process


def waiting_words(waiting: Sequence[Process]) -> str:
    """Of those that are connected and do not renew their leases."""
    names = ", ".join(one.place or "one that does not say where" for one in waiting)
    verb = "is connected and renews" if len(waiting) == 1 else "are connected and renew"
    return f"{len(waiting)} {verb} no lease, as their logs and footfall check say: {names}"
