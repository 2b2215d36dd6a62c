"""The bulk load of a generation by one process: its share of the partitions, side by side."""

import asyncio

from domain.events import Epoch, Generation, Offset, Partition
from projector.fold.runner import Runner
from projector.rebuild.steps import Targets

# While one waits for the database, another is decoded. More would only take memory.
SIDE_BY_SIDE = 2


async def load(runner: Runner, generation: Generation, epoch: Epoch, targets: Targets) -> None:
    """Fold every partition up to its target; the first failure ends all."""
    stop = asyncio.Event()
    places = asyncio.Semaphore(SIDE_BY_SIDE)

    async def one(partition: Partition, until: Offset) -> None:
        async with places:
            await runner.run(partition, epoch, stop, generation=generation, until=until)

    tasks = [asyncio.create_task(one(p, until)) for p, until in targets.items()]
    try:
        for task in asyncio.as_completed(tasks):
            await task
    finally:
        for unfinished in tasks:
            unfinished.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
