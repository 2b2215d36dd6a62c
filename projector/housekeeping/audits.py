"""Audits of the rows, and their last results for whoever watches."""

import logging
from collections.abc import Iterable, Sequence

from domain.events import Generation
from domain.generations import Audit
from domain.ports.rebuild import Audits, Comparison, Generations

logger = logging.getLogger(__name__)


async def audit_all(
    generations: Generations, comparison: Comparison, audits: Audits
) -> Sequence[Audit]:
    """Each generation that is whole: its rows against its totals. Results are saved."""
    whole = await _whole(generations)
    results = [await comparison.audit(generation) for generation in whole]
    # One that was dropped meanwhile had lost its rows before its checkpoints.
    still = await _whole(generations)
    kept = [audit for audit in results if audit.generation in still]
    for audit in kept:
        await audits.save(audit.generation, "totals", audit.difference)
    return kept


def log_differences(results: Iterable[Audit]) -> None:
    """An error for each generation whose rows are not what was folded."""
    for audit in results:
        if audit.difference:
            logger.error(
                "the rows of generation %d differ by %+d views from what was folded: "
                "footfall verify --deep says where, footfall replay rebuilds them",
                audit.generation,
                audit.difference,
            )


async def _whole(generations: Generations) -> list[Generation]:
    states = ("catching-up", "live", "previous")
    return [info.generation for info in await generations.all() if info.state in states]
