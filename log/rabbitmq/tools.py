"""RabbitMQ's own commands, where they are on this machine."""

import asyncio
import shutil
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from domain.errors import LogUnavailable, NoTools

_STREAMS = "rabbitmq-streams"
# Packages put only some of them on the path.
_FOLDERS = "/usr/lib/rabbitmq/bin:/opt/rabbitmq/sbin:/usr/local/sbin:/opt/homebrew/sbin"
# Each starts an Erlang of its own.
_SECONDS = 90.0
# Letters of what they say when something is wrong.
_MOST = 150


class Tools:
    """The commands, about the cluster of the node that is called `node`.

    In `environment` is the secret that nodes share, or the home where it is. Raises `NoTools`.
    """

    def __init__(self, node: str, environment: Mapping[str, str]) -> None:
        found = shutil.which(_STREAMS) or shutil.which(_STREAMS, path=_FOLDERS)
        if found is None:
            raise NoTools(f"{_STREAMS} is not on this machine")
        self._folder = Path(found).parent
        self._node = node
        self._environment = dict(environment)
        # A name with a dot in its host is a long one, which they have to be told.
        self._names = ["--longnames"] if "." in node.partition("@")[2] else []

    async def streams(self, *arguments: str) -> str:
        """What `rabbitmq-streams` prints. Raises `LogUnavailable` with what it says instead."""
        return await self._run(_STREAMS, *arguments)

    async def ctl(self, *arguments: str) -> str:
        """The same of `rabbitmqctl`."""
        return await self._run("rabbitmqctl", *arguments)

    async def _run(self, name: str, *arguments: str) -> str:
        process = await asyncio.create_subprocess_exec(
            str(self._folder / name), "--node", self._node, *self._names, "--quiet", *arguments,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=self._environment,
        )  # fmt: skip
        try:
            async with asyncio.timeout(_SECONDS):
                out, err = await process.communicate()
        except TimeoutError as error:
            message = f"{name} {arguments[0]} does not come to an end"
            raise LogUnavailable(message) from error
        finally:
            if process.returncode is None:
                with suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
        if process.returncode:
            said = " ".join((err or out).decode(errors="replace").split())
            raise LogUnavailable(f"{name} {arguments[0]}: {said[:_MOST]}")
        return out.decode(errors="replace")
