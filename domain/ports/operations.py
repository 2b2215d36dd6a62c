"""Operations: what the rows know of how the service is run."""

from typing import Protocol

from domain.operations import Operations


class OperationsReader(Protocol):
    """Reads small tables only: cheap enough for a page that asks all the time."""

    async def operations(self) -> Operations:
        """All of one snapshot. Raises `StoreUnavailable`."""
