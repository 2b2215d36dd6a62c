"""What somebody types while a cluster stands: lose a part of it, and have it back."""

import asyncio
import os
import sys
import threading
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress

from tests.cluster.machines import Machines
from tests.cluster.parts import Part, ServerPart
from tests.cluster.threads import in_thread

WATCH_SECONDS = 0.5

HELP = """\
Type here, or kill by process id from anywhere:
  kill NAME     SIGKILL, nothing is said to anybody
  stop NAME     orderly
  start NAME    have it back
  freeze NAME   it hangs with its connections open; thaw NAME
  cut mq1       part a RabbitMQ node from the others, clients reach all; rejoin mq1
  show          where everything is, again
  help          this
  quit          take it all down, as Ctrl-C does
"""

_PARTS: Mapping[str, Callable[[Part], Awaitable[None]]] = {
    "kill": lambda part: part.kill(),
    "stop": lambda part: part.stop(),
    "start": lambda part: part.start(),
    "freeze": lambda part: part.freeze(),
    "thaw": lambda part: part.thaw(),
}
_NODES = ("cut", "rejoin")


class Console:
    """Does what is typed to `machines`, a line at a time."""

    def __init__(self, machines: Machines, show: Callable[[], None]) -> None:
        self._machines = machines
        self._show = show

    async def listen(self) -> None:
        """Returns at `quit`; with nobody at the keyboard never."""
        lines: asyncio.Queue[str] = asyncio.Queue()
        if _may_read():
            loop = asyncio.get_running_loop()
            told = (loop, lines)
            # Nothing ends a read from a terminal: the thread ends with the process.
            threading.Thread(target=_read, args=told, daemon=True).start()
        while (line := await lines.get()) != "quit":
            await self.obey(line)

    async def obey(self, line: str) -> None:
        """Do it, and say what came of it."""
        verb, _, name = line.partition(" ")
        if not line:
            return
        if verb == "show":
            self._show()
        elif name in self._machines.parts and (verb in _PARTS or verb in _NODES):
            try:
                await self._do(verb, self._machines.parts[name])
            # Whatever went wrong, the rest of the cluster stands and is to be taken down later.
            except Exception as error:  # noqa: BLE001
                print(f"{line}: {str(error) or type(error).__name__}", flush=True)
        elif verb == "help":
            print(HELP, flush=True)
        else:
            names = " ".join(self._machines.parts)
            print(f"cannot do {line!r}: help says what is known; the names are {names}", flush=True)

    async def _do(self, verb: str, part: Part) -> None:
        if verb in _PARTS:
            await _PARTS[verb](part)
            print(f"{verb} {part.name}: done, process id {part.pid or 'none'}", flush=True)
            return
        nodes = self._machines.nodes
        node = part.server if isinstance(part, ServerPart) else None
        found = next((each for each in nodes.nodes if each is node), None)
        if found is None:
            print(f"{part.name} is no RabbitMQ node", flush=True)
            return
        await in_thread(nodes.cut_off if verb == "cut" else nodes.rejoin, found)
        print(f"{verb} {part.name}: done", flush=True)

    async def watch(self) -> None:
        """Say of each part that it ended, by whatever hand."""
        before = {name: part.pid for name, part in self._machines.parts.items()}
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            for name, part in self._machines.parts.items():
                if before[name] and part.pid is None:
                    print(f"{name} (process id {before[name]}) ended; start {name}", flush=True)
                before[name] = part.pid


def _may_read() -> bool:
    if sys.stdin is None:
        return False
    # In the background of a shell a process is stopped that reads from the terminal.
    stdin = sys.stdin.fileno()
    return not os.isatty(stdin) or os.tcgetpgrp(stdin) == os.getpgrp()


def _read(loop: asyncio.AbstractEventLoop, lines: "asyncio.Queue[str]") -> None:
    # Not through sys.stdin: its lock would be held when the interpreter ends.
    rest = b""
    while data := os.read(sys.stdin.fileno(), 4_096):
        *whole, rest = (rest + data).split(b"\n")
        for line in whole:
            text = " ".join(line.decode(errors="replace").split())
            # What is typed at the very end nobody hears.
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(lines.put_nowait, text)
