"""Who is told how a rebuild goes on, a method a moment."""

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from domain.errors import FootfallError
from domain.events import Generation
from domain.generations import Diff, GenerationInfo
from projector.aggregates.rolling import RollUpListener
from projector.rebuild.steps import Progress


class LoadListener(Protocol):
    """Of a generation that is loaded and compared."""

    def loading(
        self, progress: Callable[[], Awaitable[Progress]]
    ) -> AbstractAsyncContextManager[None]:
        """For the time of the block; `progress` can be asked how far it is."""

    def sorting(self) -> None: ...

    def catching_up(self) -> None: ...

    def comparing(self) -> None: ...

    def compared(self, diff: Diff, hours_left_out: int) -> None:
        """Hours that are kept were left out where the log no longer holds all of them."""


class PromotionListener(RollUpListener, Protocol):
    """Of a generation that becomes live."""

    def live(self, info: GenerationInfo, keep_ms: int) -> None:
        """The one before is kept for so long, 0: it is not."""


class ReplayListener(LoadListener, PromotionListener, Protocol):
    """Of a whole replay."""

    def building(self, info: GenerationInfo) -> None: ...

    def going_on(self, info: GenerationInfo) -> None: ...

    def dropped_again(self, info: GenerationInfo) -> None:
        """In a dry run."""

    def old_dropped(self, generation: Generation) -> None: ...

    def old_left(self, generation: Generation, error: FootfallError) -> None:
        """It could not be dropped; projectors do it later."""

    def nothing_under_way(self) -> None: ...

    def given_up(self, info: GenerationInfo) -> None: ...
