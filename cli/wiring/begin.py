"""What `footfall up` does before anything else works."""

from functools import partial

from cli.output.saying import say
from cli.wiring.migrate import migrate
from cli.wiring.partitions import require_partitions
from domain.settings import Settings


async def begin(settings: Settings) -> None:
    """Create and upgrade what the settings name, and look that it is what they say."""
    await migrate(settings, partial(say, err=True))
    await require_partitions(settings, "up")
