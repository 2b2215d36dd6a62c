"""What follows the database, asked and told."""

from cli.output.saying import say
from cli.output.standbys import answering_words, standby_lines
from cli.wiring.process import now_ms
from domain.errors import FootfallError
from domain.settings import Settings
from rows.opening import open_rows


async def answering(settings: Settings) -> str:
    """Who answers reports, behind the name of the layer."""
    async with open_rows(settings, now_ms) as rows:
        return answering_words(*await rows.answering())


async def report_standbys(settings: Settings) -> bool:
    """Say it; False where it cannot be asked."""
    try:
        async with open_rows(settings, now_ms) as rows:
            found = await rows.standbys()
    except FootfallError as error:
        say(f"ERROR standby: {error}")
        return False
    if found is not None:
        for line in standby_lines(found):
            say(line)
    return True
