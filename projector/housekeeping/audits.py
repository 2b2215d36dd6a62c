"""Audits of the rows, and their last results for whoever watches."""

import logging
from collections.abc import Iterable, Sequence

from domain.aggregates import SumsAudit
from domain.errors import StoreReadOnly
from domain.events import Generation
from domain.generations import Audit
from domain.ports.aggregates import SumsAudits
from domain.ports.rebuild import Audits, Comparison, Generations

logger = logging.getLogger(__name__)


class KeptWhereItCan(Audits):
    """Keeps results in `audits`; `refused` says that the database takes none."""

    def __init__(self, audits: Audits) -> None:
        self._audits = audits
        self.refused = False

    async def save(self, generation: Generation, kind: str, difference: int) -> None:
        try:
            await self._audits.save(generation, kind, difference)
        except StoreReadOnly:
            self.refused = True


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
        if audit.beside:
            await audits.save(audit.generation, "dimensions", audit.beside.difference)
    return kept


async def audit_sums(
    generations: Generations, sums: SumsAudits, audits: Audits, *, by_page: bool = False
) -> Sequence[SumsAudit]:
    """What is kept beside the rows of each generation, held against them. Results are saved."""
    whole = await _whole(generations)
    results = [await sums.audit(generation, by_page=by_page) for generation in whole]
    still = await _whole(generations)
    kept = [audit for audit in results if audit.generation in still]
    for audit in kept:
        await audits.save(audit.generation, "aggregates", audit.differing)
    return kept


def log_wrong_sums(results: Iterable[SumsAudit]) -> None:
    """An error for each generation whose sums are not what its rows add up to."""
    for audit in results:
        if audit.differing:
            logger.error(
                "%d sums of days and months of generation %d are not what its rows add up to: "
                "footfall roll-up --again makes them anew",
                audit.differing,
                audit.generation,
            )


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
        if audit.beside and audit.beside.difference:
            logger.error(
                "what is counted beside the pages of generation %d differs by %+d views from what "
                "was folded: footfall verify --deep says where, footfall replay rebuilds it",
                audit.generation,
                audit.beside.difference,
            )


async def _whole(generations: Generations) -> list[Generation]:
    states = ("catching-up", "live", "previous")
    return [info.generation for info in await generations.all() if info.state in states]
