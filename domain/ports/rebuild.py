"""Rebuilds: generations of rows as wholes, and what proves them."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from types import MappingProxyType
from typing import NamedTuple, Protocol

from domain.checkpoint import Checkpoint
from domain.events import Epoch, Generation, Hour, Offset, Partition
from domain.generations import Audit, Diff, GenerationInfo
from domain.page_rules import PageRules
from domain.ports.fold import ProjectionStore
from domain.ports.log import LogReader

NOTHING_LOST: Mapping[Partition, Hour] = MappingProxyType({})
"""No log has lost its beginning."""


class Promotion(NamedTuple):
    """What is to be folded before a generation can be live, and where.

    `missing` says up to which offset; it is empty too where more is missing than others can wait
    for. What `store` writes is part of the promotion.
    """

    missing: Mapping[Partition, Offset]
    store: ProjectionStore


class Generations(Protocol):
    """Generations as a whole: what rebuilds and promotes them, under the epoch of one job."""

    async def all(self) -> Sequence[GenerationInfo]:
        """By number, oldest first."""

    async def checkpoints(self, generation: Generation) -> Mapping[Partition, Checkpoint]: ...

    async def partitions(self) -> set[Partition]:
        """Every partition that was ever to be folded."""

    async def begin(
        self,
        epoch: Epoch,
        purpose: str,
        rules: PageRules,
        starts: Mapping[Partition, Offset],
        carried_before: Hour | None,
        begun: Mapping[Partition, Hour] = NOTHING_LOST,
    ) -> GenerationInfo:
        """A new generation, loading, its checkpoints at `starts`.

        Hours before `carried_before` are still to be carried over. Of partitions whose log has lost
        its beginning, `begun` says in which hour what is left was recorded first: pages of
        strangers that were known then are known.
        """

    async def reopen(self, epoch: Epoch, generation: Generation, purpose: str) -> None:
        """A previous generation is built on, from where it was left."""

    async def close_again(self, epoch: Epoch, generation: Generation) -> None:
        """What was reopened is a previous generation as before."""

    async def finish_loading(self, epoch: Epoch, generation: Generation) -> None:
        """From bulk load to ordinary rows: loading becomes catching-up. Can be repeated."""

    def promoting(
        self, epoch: Epoch, generation: Generation, keep_ms: int
    ) -> AbstractAsyncContextManager[Promotion]:
        """Leaving the block makes it live, and the live one previous, kept for `keep_ms`.

        All of it is one transaction, and the live generation stands still meanwhile. Leaving
        raises `NotCaughtUp`, nothing changed, where it is behind still.
        """

    async def drop(self, generation: Generation) -> None:
        """Remove it with its checkpoints; never the live one. Can be repeated."""


class History(Protocol):
    """The hours that are kept, and those the log cannot give back."""

    async def horizon(self) -> Hour:
        """The oldest hour that is kept."""

    async def hours_before(self, end: Hour) -> Sequence[Hour]:
        """The hours before `end`, not past the horizon, of which the live generation has rows."""

    async def carry_over(self, epoch: Epoch, info: GenerationInfo) -> int:
        """Copy the rows of the hours `info` says from the live generation; returns their views.

        Raises `Fenced` when that is done already.
        """


class Comparison(Protocol):
    """What generations hold, each answer from one snapshot."""

    async def compare(self, generation: Generation, log: LogReader, first: Hour) -> Diff:
        """Live against `generation` for hours from `first` on, at one vector of offsets."""

    async def audit(self, generation: Generation) -> Audit:
        """Its rows against the running totals of its checkpoints, in one snapshot."""


class Audits(Protocol):
    """The last result of each audit."""

    async def save(self, generation: Generation, kind: str, difference: int) -> None: ...
