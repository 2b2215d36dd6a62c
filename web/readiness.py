"""Can a role do its work now? Asked once for all who want to know at the same time."""

import asyncio
import logging
from collections.abc import Callable, Mapping

from domain.errors import FootfallError
from domain.ports.common import Probe
from web.problems import Answer, answer

logger = logging.getLogger(__name__)

READY, NOT_READY = "ready", "unavailable"
READY_TIMEOUT_SECONDS = 3.0
# Whoever asks within that gets the same answer.
FRESH_SECONDS = 1.0


class Readiness:
    """What GET /ready says of `probes`.

    One look at a time, however many ask: each look costs the log and the database something, and
    views wait behind it. `clock` has seconds that only grow.
    """

    def __init__(self, probes: Mapping[str, Probe], clock: Callable[[], float]) -> None:
        self._probes = probes
        self._clock = clock
        self._looking: asyncio.Task[Answer] | None = None
        self._looked_at = 0.0

    async def answer(self) -> Answer:
        """200 where every probe returns, or else 503 and what is wrong."""
        if self._looking is None or self._stale(self._looking):
            self._looking = asyncio.create_task(self._look(), name="readiness")
        # A client that goes away takes nothing from the others.
        return await asyncio.shield(self._looking)

    def _stale(self, looking: "asyncio.Task[Answer]") -> bool:
        return looking.done() and (
            looking.cancelled() or self._clock() - self._looked_at >= FRESH_SECONDS
        )

    async def _look(self) -> Answer:
        states = await asyncio.gather(*(_state(probe) for probe in self._probes.values()))
        self._looked_at = self._clock()
        entries = dict(zip(self._probes, states, strict=True))
        if all(state == "ok" for state in states):
            return answer({"status": READY, "checks": entries})
        return answer({"status": NOT_READY, "checks": entries}, 503)


async def _state(probe: Probe) -> str:
    try:
        async with asyncio.timeout(READY_TIMEOUT_SECONDS):
            await probe()
    except TimeoutError:
        return f"no answer within {READY_TIMEOUT_SECONDS:g} s"
    except FootfallError as error:
        return error.told
    except Exception as error:
        logger.exception("a dependency could not be asked")
        return f"could not be asked: {type(error).__name__}"
    return "ok"
