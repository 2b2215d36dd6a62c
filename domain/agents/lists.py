"""By which lists the rows of a generation were classed: the version of each, a line."""


def with_list(lists: str, version: str) -> str:
    """`lists` and this one, which is last where it is new; no list has no version."""
    known = lists_of(lists)
    return lists if not version or version in known else "\n".join([*known, version])


def lists_of(lists: str) -> list[str]:
    """The versions, in the order in which they came."""
    return lists.splitlines()


def single(lists: str) -> str | None:
    """The version of the only one, None where there are several, or none."""
    known = lists_of(lists)
    return known[0] if len(known) == 1 else None
