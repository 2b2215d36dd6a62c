"""Receipts: has what the log took come as far as the numbers?"""

from typing import Protocol

from domain.receipts import Receipt


class Receipts(Protocol):
    """Where the live generation stands."""

    async def folded(self, receipt: Receipt) -> bool:
        """Is all of it in the live generation, counted or set aside?

        Once it is, it stays so, whatever is promoted. Raises `StoreUnavailable`.
        """
