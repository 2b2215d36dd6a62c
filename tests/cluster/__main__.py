"""`make cluster`: a cluster on one machine, to lose parts of."""

import asyncio
import sys

from tests.cluster.console import HELP, Console
from tests.cluster.ending import until_told
from tests.cluster.machines import SETTINGS, Machines, Size, missing
from tests.cluster.options import size_of
from tests.cluster.parts import Part

READY = "Everything answers."
_DESCRIPTION = """\
Three RabbitMQ nodes (pause_minority, management pages), a PostgreSQL primary with a streaming
standby, and Footfall's roles behind nginx with the front door's own configuration: on this
machine, on free ports of 127.0.0.1, with all data in temporary folders. It prints where
everything is, then waits for lines that take a part away or bring it back (`help` lists them),
and for Ctrl-C or SIGTERM, after which nothing of it is left: no process, no data. (One daemon of
Erlang's, epmd, may stay: it is the whole machine's.)

It takes about half a minute and 1.5 GB of memory. All of it shares this machine's cores and disk,
so it shows what happens when a part is lost, and not how fast Footfall is.
"""
_END = """\
With make, options go into CLUSTER:   make cluster CLUSTER="--ingest 3 --synchronous"
"""


def main(arguments: list[str] | None = None) -> int:
    """The exit code: 0 taken down as it was told to, 1 not brought up, a sentence says why."""
    size = size_of(arguments, "make cluster", _DESCRIPTION, _END)
    if absent := missing():
        print(
            f"Not installed: {', '.join(absent)}. A cluster starts servers of its own, and none in"
            f" Docker: make services INSTALL=1, or apt-get install {' '.join(absent.values())}",
            file=sys.stderr,
        )
        return 1
    return asyncio.run(until_told(_stand(size)))


async def _stand(size: Size) -> int:
    async with Machines(size, lambda text: print(text, flush=True)) as machines:
        _show(machines)
        console = Console(machines, lambda: _show(machines))
        watching = asyncio.create_task(console.watch())
        try:
            await console.listen()
            print("taking it all down …", file=sys.stderr, flush=True)
        finally:
            watching.cancel()
    return 0


def _show(machines: Machines) -> None:
    door, folder = machines.door, machines.folder
    lines = [
        "",
        READY,
        "",
        f"Front door   {door.url}   (nginx, process id {door.pid})",
        *map(_line, machines.parts.values()),
        "",
        "Management   " + "  ".join(node.management_url for node in machines.nodes.nodes),
        "             as guest, guest",
        f"Folders      {folder}   (logs of the roles, data of PostgreSQL)",
        f"             {machines.nodes.nodes[0].folder.parent}   (nodes, 0 to 2)",
        "",
        f"In another shell, here:   . {folder / SETTINGS}; .venv/bin/footfall check",
        machines.export_lines(),
        "RabbitMQ's own commands:",
        f"  {machines.nodes.nodes[0].shell_line('rabbitmqctl')} cluster_status",
        "",
        HELP,
    ]
    print("\n".join(lines), flush=True)


def _line(part: Part) -> str:
    return f"{part.name:12} {part.url}   process id {part.pid or 'none'}   {part.log}"


if __name__ == "__main__":
    sys.exit(main())
