"""Whose views browsers may send, as `footfall check` says it."""

from collections.abc import Iterator


def site_lines(declared: str) -> Iterator[str]:
    """`declared` is SITES."""
    if declared:
        yield f"OK    sites ({declared})"
        return
    yield (
        "NOTE  sites: SITES is unset, so browsers may send views of any site, and whoever finds "
        "this service may have names of sites made up: name yours, as in SITES=example.com"
    )
