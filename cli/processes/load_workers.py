"""The bulk load of a rebuild in processes of its own: one core a process."""

import os
import signal
from dataclasses import dataclass
from functools import partial

import click
import msgspec

from cli.processes.family import Family
from cli.processes.running import run, settings_or_exit, watch_lifeline
from cli.wiring.rebuild import open_loader
from domain.errors import RebuildError
from domain.events import Epoch, Generation, Offset, Partition
from projector.rebuild.load import load
from projector.rebuild.steps import Load, Targets


class Task(msgspec.Struct, frozen=True):
    """What a worker is told: where to fold to, under which epoch, how fast (0: no limit)."""

    generation: Generation
    epoch: Epoch
    targets: dict[Partition, Offset]
    events_per_second: float


@dataclass(frozen=True)
class LoadWorkers(Load):
    """Spreads the partitions over `number` processes and waits for all of them."""

    number: int
    events_per_second: float = 0

    @classmethod
    def one_a_core(cls) -> "LoadWorkers":
        """As many as there are cores, within reason."""
        return cls(min(os.cpu_count() or 1, 8))

    async def __call__(self, generation: Generation, epoch: Epoch, targets: Targets) -> None:
        shares = [dict(sorted(targets.items())[i :: self.number]) for i in range(self.number)]
        tasks = [
            Task(generation, epoch, share, self.events_per_second / self.number)
            for share in shares
            if share
        ]
        with Family() as family:
            succeeded = await family.run(
                [("load-worker", msgspec.json.encode(task).decode()) for task in tasks]
            )
        if not succeeded:
            raise RebuildError("a worker failed (its error is above): run the command again")


@click.command(name="load-worker", hidden=True)
@click.argument("task")
def load_worker(task: str) -> None:
    """Part of a rebuild; what `footfall replay` starts."""
    settings = settings_or_exit()
    given = msgspec.json.decode(task, type=Task)

    async def main() -> None:
        # SIGTERM ends this process at once: what is not committed yet is folded again next time,
        # and no transaction that was cancelled keeps a SQLite file locked.
        watch_lifeline(partial(signal.raise_signal, signal.SIGTERM))
        async with open_loader(settings, given.events_per_second) as runner:
            await load(runner, given.generation, given.epoch, given.targets)

    run(main())
