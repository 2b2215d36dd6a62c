"""What following the log's end asks of the rows."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from domain.events import Partition
from domain.page_rules import PageRules


class Naming(NamedTuple):
    """By which rules the live generation names pages, and which partitions there are."""

    rules: PageRules
    partitions: Sequence[Partition]


class NamingReader(Protocol):
    """Small enough to be asked again and again."""

    async def naming(self) -> Naming:
        """As it is now. Raises `StoreUnavailable`."""
