"""Dead letters, read and decided again: by the bytes that are kept, or those the log has."""

from collections.abc import AsyncIterator

from domain.errors import Fenced, FootfallError, LogUnavailable, UnknownFormat, Unstorable
from domain.events import Epoch, Offset, Partition
from domain.letters import Letter, Retried, digest
from domain.ports.letters import DeadLetters
from domain.ports.log import LogReader

_PAGE = 500
_TAKE_ENTRIES = 100
_PATIENCE_SECONDS = 10.0
# What is folded while it is searched is searched next: it gets less each time.
_SEARCHES = 20
# Its repetitions are known to the fold, so none can have been counted.
_COUNTED_ONCE = ("clock", "database")


class NoLetter(FootfallError):
    """There is no dead letter, or not the bytes of one."""


class LetterBox:
    """The dead letters of the live generation beside the log they are from."""

    def __init__(self, letters: DeadLetters, log: LogReader) -> None:
        self._letters = letters
        self._log = log

    async def read(self, partition: Partition, offset: Offset) -> tuple[Letter, bytes]:
        """A letter and its bytes: all of them where these are kept or the log has them, or else
        its beginning. Raises `NoLetter` where none stands there.
        """
        letter = await self._letters.find(partition, offset)
        if letter is None:
            raise NoLetter(
                f"partition {partition}: no dead letter stands at offset {offset}: "
                "footfall dead-letters list shows those there are"
            )
        return letter, await self._body(letter)

    async def places(self, partition: Partition | None) -> AsyncIterator[tuple[Partition, Offset]]:
        """Where they stand, all or those of a partition; what goes meanwhile is passed over."""
        after: tuple[Partition, Offset] | None = None
        while found := (await self._letters.page(_PAGE, partition, after)).letters:
            for letter in found:
                after = letter.partition, letter.offset
                yield after

    async def retry(
        self, epoch: Epoch, partition: Partition, offset: Offset, *, believing: bool = False
    ) -> Retried:
        """Decide again by what is known now, under the epoch of the job that keeps rebuilds out.

        It is counted as a rebuild would count it, or stays with the reason that there still is.
        """
        letter, body = await self.read(partition, offset)
        if len(body) != letter.size:
            reason = "only its beginning is kept, and the log does not hold it any more"
            return Retried(partition, offset, reason=reason)
        if letter.kind == "log":
            reason = "what the log held before it decides, in a footfall replay too"
            return Retried(partition, offset, reason=reason)
        for left in reversed(range(_SEARCHES)):
            searched, repeated = await self._search(letter, body)
            try:
                return await self._letters.retry(
                    epoch, letter, body,
                    believing=believing, searched=searched, repeated=repeated,
                )  # fmt: skip
            except (Unstorable, UnknownFormat) as error:
                return Retried(partition, offset, reason=str(error))
            except Fenced:
                if not left or searched is None:
                    raise
        raise AssertionError

    async def _search(self, letter: Letter, body: bytes) -> tuple[Offset | None, bool]:
        """Has the same batch, appended again, been counted since? And up to where that is known.

        One that only its bytes had set aside is unknown to the fold: where these are read now, so
        may a repetition of it have been.
        """
        if letter.kind in _COUNTED_ONCE:
            return None, False
        until = await self._letters.folded(letter.partition)
        start = Offset(letter.offset + 1)
        if start >= until:
            return until, False
        async with self._log.subscribe(letter.partition, start) as subscription:
            while True:
                entries = await subscription.take(_TAKE_ENTRIES, _PATIENCE_SECONDS)
                if not entries:
                    message = f"partition {letter.partition}: the log does not deliver {until - 1}"
                    raise LogUnavailable(message)
                for entry in entries:
                    if entry.offset >= until:
                        return until, False
                    if entry.body == body and await self._is_counted(letter, entry.offset):
                        return until, True
                if entries[-1].offset + 1 >= until:
                    return until, False

    async def _is_counted(self, letter: Letter, offset: Offset) -> bool:
        return await self._letters.find(letter.partition, offset) is None

    async def _body(self, letter: Letter) -> bytes:
        if letter.whole:
            return letter.body
        entry = await self._log.entry_at(letter.partition, letter.offset)
        # A log that was made anew has another there.
        if entry is None or entry.offset != letter.offset or digest(entry.body) != letter.digest:
            return letter.body
        return entry.body
