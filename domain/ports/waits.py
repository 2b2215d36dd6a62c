"""Why the database gives no answer."""

from typing import Protocol

from domain.waits import Wait


class Waits(Protocol):
    """Asked while something of this process waits in the database."""

    async def look(self) -> Wait:
        """What for. Never fails, and takes some seconds at most."""
