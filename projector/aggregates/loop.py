"""Adding up goes on beside a projector: one process at a time, and never most of the time."""

import asyncio
import logging
from collections.abc import Callable

from domain.aggregates import RolledUp, Turn
from domain.errors import FootfallError, Interrupted, JobTaken
from domain.jobs import ROLLUP
from domain.ports.aggregates import Aggregates
from domain.ports.common import Jobs
from projector.aggregates.rolling import RollUpListener, Silent, roll_up
from projector.job import held
from projector.waiting import passed

logger = logging.getLogger(__name__)

# Of its time, at most a tenth is work.
_IDLE = 9


class RollUps:
    """One run after the other, each under the job."""

    def __init__(
        self, aggregates: Aggregates, jobs: Jobs, owner: str, lease_seconds: float
    ) -> None:
        self._aggregates = aggregates
        self._jobs = jobs
        self._owner = owner
        self._lease_seconds = lease_seconds

    async def run(
        self,
        stopped: Callable[[], bool],
        listener: RollUpListener,
        *,
        anew: bool = False,
        wait_seconds: float = 0.0,
    ) -> RolledUp:
        """Add up what is due of the live generation; `anew`: of all that it has.

        Raises `JobTaken` where another process is at it, `Interrupted`, `Fenced`.
        """
        doing = "adds up just now: try later"
        async with held(
            self._jobs, ROLLUP, self._owner, self._lease_seconds, wait_seconds, doing=doing
        ) as job:
            turn = Turn(ROLLUP, job.epoch, await self._aggregates.live())
            if anew:
                await self._aggregates.distrust(turn)

            def ends() -> bool:
                return stopped() or job.stop.is_set()

            return await roll_up(self._aggregates, turn, ends, listener)

    async def keep(self, first_seconds: float, every_seconds: float, stop: asyncio.Event) -> None:
        """Again and again until `stop`. What goes wrong is logged and tried next time."""
        clock = asyncio.get_running_loop().time
        pause = first_seconds
        while not await passed(stop, pause):
            began = clock()
            await self._once(stop)
            pause = max(every_seconds, _IDLE * (clock() - began))

    async def _once(self, stop: asyncio.Event) -> None:
        try:
            if done := await self.run(stop.is_set, Silent()):
                logger.info("added up %s", done)
        except JobTaken:
            logger.debug("another process adds up")
        except Interrupted:
            logger.debug("adding up goes on after the next start")
        except FootfallError as error:
            logger.warning("days are added up at the next try: %s", error)
        except Exception:
            # Folding must go on whatever happens here.
            logger.exception("days are added up at the next try")
