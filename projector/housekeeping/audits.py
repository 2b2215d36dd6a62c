"""Audits of the rows, and their last results for whoever watches."""

from collections.abc import Sequence

from domain.events import Generation
from domain.generations import Audit
from domain.ports.rebuild import Audits, Comparison, Generations


async def audit_all(
    generations: Generations, comparison: Comparison, audits: Audits
) -> Sequence[Audit]:
    """Each generation that is whole: its rows against its totals. Results are saved."""
    whole = await _whole(generations)
    found = [await comparison.audit(generation) for generation in whole]
    # One that was dropped meanwhile had lost its rows before its checkpoints.
    still = await _whole(generations)
    kept = [audit for audit in found if audit.generation in still]
    for audit in kept:
        await audits.save(audit.generation, "totals", audit.difference)
    return kept


async def _whole(generations: Generations) -> list[Generation]:
    states = ("catching-up", "live", "previous")
    return [info.generation for info in await generations.all() if info.state in states]
