"""Names that were too many, for people."""

from collections.abc import Iterator

from domain.dimensions import MOST_VALUES, OTHER, OTHER_PAGE
from domain.reports import Facts


def too_many_lines(facts: Facts) -> Iterator[str]:
    """A NOTE where views have lost the name of their page, or of their source."""
    if facts.other_pages:
        yield (
            f"NOTE  new pages: {facts.other_pages:,} views from browsers count for pages "
            f"{OTHER_PAGE}: their sites had more new ones in an hour than MAX_NEW_PAGES. A flood, "
            "or addresses that are never the same: look at what the pages are, PAGE_RULES can "
            "bring them together"
        )
    if facts.other_values:
        yield (
            f"NOTE  sources: {facts.other_values:,} views count for the source {OTHER}: their "
            f"sites had more than {MOST_VALUES} of them in an hour in a partition"
        )
