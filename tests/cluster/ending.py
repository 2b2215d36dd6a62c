"""A cluster ends in one way, whoever ends it: by being taken down."""

import asyncio
import signal
import sys
from collections.abc import Coroutine
from typing import Any


async def until_told(work: Coroutine[Any, Any, int]) -> int:
    """The exit code of `work`; 0 where a signal ended it, 1 where it failed, with a sentence.

    SIGINT, SIGTERM and SIGHUP cancel it once: what comes later finds it being taken down.
    """
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, told.set)
    working = asyncio.create_task(work)
    ending = asyncio.create_task(told.wait())
    await asyncio.wait([working, ending], return_when=asyncio.FIRST_COMPLETED)
    ending.cancel()
    if told.is_set():
        print("taking it all down …", file=sys.stderr, flush=True)
        working.cancel()
    try:
        return await working
    except asyncio.CancelledError:
        return 0
    # Whatever it was, people are told in one place.
    except Exception as error:  # noqa: BLE001
        print(f"The cluster did not stand: {_reasons(error)}", file=sys.stderr, flush=True)
        return 1
    finally:
        print("Nothing of it is left.", file=sys.stderr, flush=True)


def _reasons(error: BaseException) -> str:
    if isinstance(error, BaseExceptionGroup):
        return "; ".join(map(_reasons, error.exceptions))
    return str(error) or type(error).__name__
