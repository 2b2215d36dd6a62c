"""The client library's errors in our words."""

import asyncio
from types import TracebackType
from typing import Self

from aiormq.exceptions import AMQPError, ChannelAccessRefused, ChannelNotFoundEntity

from domain.errors import FootfallError, LogUnavailable
from domain.shown import error_words


class NoReplica(LogUnavailable):
    """The node holds none of the stream's replicas that could be read now."""


class NoMember(NoReplica):
    """The node holds none of the stream's replicas at all."""


_FOR_THE_PROCESS = (FootfallError, KeyboardInterrupt, SystemExit)


class broker_errors:  # noqa: N801
    """Whatever the client library raises in the block, as `LogUnavailable` with its cause.

    It raises more than errors of its own: `StopAsyncIteration` where a front accepts and closes,
    `CancelledError` where it loses the connection under somebody who waits, whatever its parser
    makes of garbage. None of these may end a loop that knows only our errors. `needs` is the
    permission that the block asks for.
    """

    def __init__(self, needs: str = "") -> None:
        self._needs = needs
        self._task: asyncio.Task[object] | None = None

    async def __aenter__(self) -> Self:
        self._task = asyncio.current_task()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is None or isinstance(error, _FOR_THE_PROCESS) or self._is_ours(error):
            return
        raise LogUnavailable(self._sentence(error), told=_told(error)) from error

    def _is_ours(self, error: BaseException) -> bool:
        """Does somebody end the task that waits here?"""
        if isinstance(error, GeneratorExit):
            # A coroutine that is thrown away is not in the middle of a step of its task.
            return self._task is None or _current_task() is not self._task
        # The client library cancels what waits on a connection it loses. That is not ours.
        cancelled = isinstance(error, asyncio.CancelledError)
        return cancelled and (self._task is None or self._task.cancelling() > 0)

    def _sentence(self, error: BaseException) -> str:
        match error:
            case ChannelNotFoundEntity():
                return f"a stream is missing, run footfall migrate: {error}"
            case ChannelAccessRefused():
                needs = self._needs or "configure, write and read"
                return (
                    f"RabbitMQ refuses it to the user of RABBITMQ_URL, who needs {needs} there "
                    f"(rabbitmqctl set_permissions): {error}"
                )
            case TimeoutError():
                return "RabbitMQ did not answer in time"
            case asyncio.CancelledError() | StopAsyncIteration() | GeneratorExit():
                return "RabbitMQ closed the connection"
            case AMQPError() | OSError() | RuntimeError():
                return f"RabbitMQ: {error_words(error)}"
            case _:
                return (
                    "RabbitMQ, or what stands in its place, sent what nobody understands: "
                    f"{error_words(error)}"
                )


def _told(error: BaseException) -> str:
    """What a client of ours hears of it: nothing that the broker or the library said."""
    match error:
        case ChannelNotFoundEntity():
            return "a stream is missing, run footfall migrate"
        case ChannelAccessRefused():
            return "RabbitMQ refuses it to the user of RABBITMQ_URL: footfall check says why"
        case TimeoutError():
            return "RabbitMQ did not answer in time"
        case asyncio.CancelledError() | StopAsyncIteration() | GeneratorExit():
            return "RabbitMQ closed the connection"
        case AMQPError() | OSError() | RuntimeError():
            return "RabbitMQ cannot be used now"
        case _:
            return "RabbitMQ, or what stands in its place, sent what nobody understands"


def _current_task() -> asyncio.Task[object] | None:
    try:
        return asyncio.current_task()
    except RuntimeError:
        # No loop is running.
        return None
