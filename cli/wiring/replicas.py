"""Who holds the streams of all partitions that are known, and more of those who do."""

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from cli.output.members import growing, lines
from cli.wiring.process import now_ms
from domain.errors import NoTools
from domain.events import Partition
from domain.settings import Settings
from log.opening import Log, open_log
from rows.opening import open_rows

_COOKIE = ".erlang.cookie"
_PACKAGED_HOME = Path("/var/lib/rabbitmq")


async def replication_lines(settings: Settings, log: Log) -> Sequence[str]:
    """What check says of it, none where the log has no nodes. Raises `FootfallError`."""
    found = await log.replication(await known_partitions(settings))
    return [] if found is None else list(lines(found, settings.rabbitmq_url or ""))


async def replicate(settings: Settings, replicas: int, say: Callable[[str], None]) -> int:
    """Give each stream as many; the exit code. Raises `FootfallError`."""
    log = open_log(settings)
    partitions = await known_partitions(settings)
    try:
        done = await log.replicate(partitions, replicas, _environment(), say)
    except NoTools as error:
        say(f"log: {error}")
        say("log: replicas are added by RabbitMQ's own rabbitmq-streams. Where that works:")
        if found := await log.replication(partitions):
            for loop in growing(found, settings.rabbitmq_url or "", replicas):
                say(loop)
        return 1
    say(f"log: {replicas} replicas of each stream{'' if done else ' already'}")
    return 0


async def known_partitions(settings: Settings) -> Sequence[Partition]:
    """Those that this process would write, and those that projectors fold."""
    async with open_rows(settings, now_ms) as rows:
        entered = (await rows.leases.ownership()).owners
    written = map(Partition, range(settings.num_partitions))
    return sorted({*written, *entered})


def _environment() -> Mapping[str, str]:
    """This process's, with the home where the secret that nodes share is, as packages have it."""
    home = Path(os.environ.get("HOME", "/"))
    if "RABBITMQ_ERLANG_COOKIE" in os.environ or (home / _COOKIE).exists():
        return os.environ
    readable = os.access(_PACKAGED_HOME / _COOKIE, os.R_OK)
    return {**os.environ, "HOME": str(_PACKAGED_HOME)} if readable else os.environ
