"""What time it is, as far as that is believed: two clocks on the wall, and one nobody can set."""

import logging

from domain.clocks import Known, first_look, look
from domain.hours import as_text, hour_of
from domain.ports.common import Clock
from domain.ports.retention import Expiry

logger = logging.getLogger(__name__)


async def begin_watch(expiry: Expiry, clock: Clock) -> None:
    """What is known of the time before anybody looked, kept; nothing where something is."""
    now = min(clock(), await expiry.now_ms())
    await expiry.begin(first_look(now, await expiry.newest_ms()))


class Watch:
    """Looks at the clock of this process and the database's; `uptime` only ever runs on.

    A jump is told once, and once that it is over.
    """

    def __init__(self, expiry: Expiry, clock: Clock, uptime: Clock) -> None:
        self._expiry = expiry
        self._clock = clock
        self._uptime = uptime
        self._last: tuple[Known, int] | None = None
        self._told = False

    async def now_ms(self) -> int:
        """The earlier of the two: one clock that is ahead must not be enough."""
        return min(self._clock(), await self._expiry.now_ms())

    async def look(self) -> tuple[int, Known]:
        """The moment to judge by, and what is known of the time by now."""
        known, newest = await self._expiry.known(), await self._expiry.newest_ms()
        now = await self.now_ms()
        if not known.believed_ms:
            known = first_look(now, newest)
        found = look(known, now, self._ran_ms(known), newest)
        return found.at(now), found

    def remembered(self, known: Known) -> None:
        """`known` is what the next look begins with, here or in another process."""
        self._last = (known, self._uptime())
        if bool(known.ahead_ms) == self._told:
            return
        self._told = bool(known.ahead_ms)
        if self._told:
            logger.warning(
                "the clock jumped: it is %.1f days ahead of %s, the last moment that is known; "
                "nothing is dropped for that until it is confirmed. If the clock is wrong, set it "
                "right; if the service was stopped for so long, footfall retain --accept-clock",
                known.ahead_ms / 86_400_000,
                as_text(hour_of(known.believed_ms)),
            )
        else:
            logger.info("the clock is believed again")

    def _ran_ms(self, known: Known) -> int:
        """What passed since `known` was remembered, as far as this process was there."""
        if self._last is None:
            return 0
        last, then = self._last
        # Another process may have looked meanwhile, and counted a part of it.
        counted = max(0, known.believed_ms - last.believed_ms)
        return max(0, self._uptime() - then - counted)
