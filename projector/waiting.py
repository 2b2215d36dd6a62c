"""Pauses that end early when they must."""

import asyncio


async def passed(event: asyncio.Event, seconds: float) -> bool:
    """Wait so long, or until the event is set: was it?"""
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return False
    return True
