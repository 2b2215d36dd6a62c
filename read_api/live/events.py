"""Server-sent events: an answer at once, and another whenever there is something new."""

import asyncio
from collections.abc import AsyncGenerator, Callable

from domain.stats.selection import Selection
from read_api.live.answers import Answers, Told
from read_api.live.follower import Follower

MEDIA_TYPE = b"text/event-stream"
EVENT = "live"
PACE_SECONDS = 1.0
"""Between two events, at least."""
HEARTBEAT_SECONDS = 15.0
"""Something is sent at least that often, and it is asked as often whether the key still opens."""
_RETRY_MS = 3_000
# What is new may not be told yet, where answers cost much.
_LEAST_SECONDS = 0.05
_HEARTBEAT = b":\n\n"


async def events(
    follower: Follower,
    answers: Answers,
    asked: Selection,
    still: Callable[[], bool],
    *,
    public: bool = False,
) -> AsyncGenerator[bytes, None]:
    """The pieces of a stream, until the process ends or who looks may not any more.

    `public`: who looks came without a key where others need one.
    """
    loop = asyncio.get_running_loop()
    with follower.looking(public=public):
        told = answers.told(asked)
        yield b"retry: %d\n\n" % _RETRY_MS + _event(told)
        mark, sent = told.mark, loop.time()
        asked_key = sent
        while True:
            # Minutes go by where nothing is viewed, too.
            await follower.beyond(told.version, PACE_SECONDS)
            await follower.pause(max(_LEAST_SECONDS, sent + PACE_SECONDS - loop.time()))
            if follower.ended:
                return
            if loop.time() - asked_key >= HEARTBEAT_SECONDS:
                if not still():
                    return
                asked_key = loop.time()
            told = answers.told(asked)
            if told.mark != mark:
                yield _event(told)
                mark, sent = told.mark, loop.time()
            elif loop.time() - sent >= HEARTBEAT_SECONDS:
                yield _HEARTBEAT
                sent = loop.time()


def _event(told: Told) -> bytes:
    return b"event: %s\ndata: %s\n\n" % (EVENT.encode(), told.body)
