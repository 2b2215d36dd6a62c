"""A horizon that a wrong clock moved too far, moved back."""

from msgspec import Struct

from domain import wire
from domain.clocks import Known
from domain.errors import Undecodable, UnknownFormat
from domain.events import Epoch, Hour, Partition
from domain.ports.common import Clock
from domain.ports.log import LogReader
from domain.ports.rebuild import Generations
from domain.ports.retention import Expiry
from domain.retention import NOTHING_PAST, horizon
from projector.housekeeping.watch import Watch


class Reset(Struct, frozen=True):
    """A horizon moved back from `old` to `new` because the clocks say `now_ms`.

    `dropped_views` of the live generation had gone by then, since its first row. The log still
    holds `log_entries`, the oldest recorded at `oldest_ms` (None: there is none that can be read);
    it is `whole` where nothing was ever deleted from it.
    """

    now_ms: int
    old: Hour
    new: Hour
    dropped_views: int
    log_entries: int
    oldest_ms: int | None
    whole: bool

    @property
    def needed(self) -> bool:
        return self.new < self.old


class HorizonReset:
    """Shows what it would do, and does it under the job of retention."""

    def __init__(
        self, expiry: Expiry, generations: Generations, reader: LogReader, clock: Clock, days: int
    ) -> None:
        self._expiry = expiry
        self._generations = generations
        self._reader = reader
        self._watch = Watch(expiry, clock, lambda: 0)
        self._days = days

    async def preview(self) -> Reset:
        """What `run` would do. Raises `LogError` where the log cannot be read."""
        now = await self._watch.now_ms()
        old = await self._expiry.horizon()
        wanted = horizon(now, self._days)
        new = min(old, NOTHING_PAST if wanted is None else wanted)
        infos = await self._generations.all()
        live = next(info for info in infos if info.state == "live")
        entries, whole = 0, True
        recorded: list[int] = []
        for partition in sorted(await self._generations.partitions()):
            bounds = await self._reader.bounds(partition)
            entries += bounds.end - bounds.first
            whole = whole and bounds.first == 0
            if bounds.end > bounds.first and (found := await self._recorded_ms(partition)):
                recorded.append(found)
        oldest_ms = min(recorded, default=None)
        return Reset(now, old, new, live.expired_views, entries, oldest_ms, whole)

    async def run(self, epoch: Epoch) -> Reset:
        """Move it. Raises `Fenced` when another process has the job."""
        reset = await self.preview()
        # What the clocks say is right: whoever asks for this has looked.
        await self._expiry.remember(epoch, Known(reset.now_ms))
        await self._expiry.move_back(epoch, reset.new, reset.now_ms)
        return reset

    async def _recorded_ms(self, partition: Partition) -> int | None:
        bounds = await self._reader.bounds(partition)
        entry = await self._reader.entry_at(partition, bounds.first)
        try:
            return None if entry is None else wire.recorded_ms(entry.body)
        except (Undecodable, UnknownFormat):
            return None
