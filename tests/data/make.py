"""Data of a release, to be held against later ones: `python make.py FOLDER`, see the README here.

Runs with the interpreter of an environment in which that release is installed, and uses nothing of
it but its command line, its HTTP API and the two libraries that speak to its servers.
"""

import argparse
import asyncio
import base64
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
import urllib.request
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import aio_pika

PARTITIONS = 3
MONTHS = 5
PAGES = ("example.com/about", "Example.com/about", "example.com/", "example.org/päge?x=1")
RULES = "lower-host"
UNREADABLE = b"no batch of anybody"
PORT = 13999
PATIENCE_SECONDS = 60

Counts = Counter[tuple[str, str]]


def views(month: int, newest: datetime) -> list[tuple[str, str, int]]:
    """Page, moment and number of views of one of the months, 0 for the newest."""
    found = []
    for number, page in enumerate(PAGES):
        for k in range(6):
            # The two spellings of one page meet in the same hours.
            hours_ago = month * 30 * 24 + k * 37 + max(number, 1) * 5
            moment = newest - timedelta(hours=hours_ago, minutes=7 * k)
            found.append((page, f"{moment:%Y-%m-%dT%H:%M:%SZ}", 1 + (k + number + month) % 5))
    return found


def post(path: str, body: object) -> None:
    """Send it; anything but 2xx raises."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{PORT}{path}",
        json.dumps(body).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        answer.read()


def send(found: list[tuple[str, str, int]]) -> None:
    """The first view of each page by itself, the others in one request for each page."""
    by_page: dict[str, dict[str, int]] = {}
    for page, moment, count in found:
        if page not in by_page:
            by_page[page] = {}
            for _ in range(count):
                post("/page-views/single", {"page": page, "timestamp": moment})
        else:
            by_page[page][moment] = count
    for page, moments in by_page.items():
        post("/page-views/multi", {page: moments})


def footfall(*arguments: str, env: dict[str, str]) -> str:
    """The output of a verb that is expected to succeed."""
    command = [sys.executable, "-m", "cli", *arguments]
    return subprocess.run(command, env=env, check=True, stdout=subprocess.PIPE, text=True).stdout


def status(env: dict[str, str]) -> dict[str, Any]:
    """What `footfall status --json` says."""
    found: dict[str, Any] = json.loads(footfall("status", "--json", env=env))
    return found


@contextmanager
def serving(env: dict[str, str]) -> Iterator[None]:
    """`footfall up`, with everything folded before it is stopped."""
    command = [sys.executable, "-m", "cli", "up", "--port", str(PORT)]
    process = subprocess.Popen(command, env=env)
    try:
        wait(lambda: bool(urllib.request.urlopen(f"http://127.0.0.1:{PORT}/ready")))
        yield
        wait(lambda: status(env)["lag"] == 0)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(PATIENCE_SECONDS)


def wait(condition: Any) -> None:
    """Until it holds; what refuses to answer yet counts as not."""
    end = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            if condition():
                return
        except OSError:
            pass
        if time.monotonic() > end:
            raise TimeoutError("the service did not get there")
        time.sleep(0.1)


def make(env: dict[str, str], newest: datetime, unreadable: Any) -> dict[str, Any]:
    """Months of views, a message nobody can read, a rebuild by a rule, a last month of views.

    A release that cannot rebuild knows no rules either.
    """
    raw: Counts = Counter()
    late: Counts = Counter()
    with serving(env):
        for month in reversed(range(1, MONTHS)):
            send(views(month, newest))
            raw.update(by_hour(views(month, newest)))
            if month == MONTHS // 2:
                unreadable()
    rebuilds = "replay" in footfall("--help", env=env)
    ruled = {**env, "PAGE_RULES": RULES} if rebuilds else env
    if rebuilds:
        footfall("replay", "--accept-diff", "--keep-previous", env=ruled)
    with serving(ruled):
        send(views(0, newest))
        late.update(by_hour(views(0, newest)))
    return {
        "views": nested(by_rule(raw + late) if rebuilds else raw + late),
        "views_without_rules": nested(raw + late),
        "dead_letters": [base64.b64encode(UNREADABLE).decode()],
        "status": status(ruled),
    }


def by_hour(found: list[tuple[str, str, int]]) -> Counts:
    """Views by page and hour, counted here and not by Footfall."""
    counts: Counts = Counter()
    for page, moment, count in found:
        counts[page, f"{moment[:13]}:00:00Z"] += count
    return counts


def by_rule(counts: Counts) -> Counts:
    """The same with the host of each page in lower case."""
    found: Counts = Counter()
    for (page, hour), count in counts.items():
        host, _, path = page.partition("/")
        found[f"{host.lower()}/{path}", hour] += count
    return found


def nested(counts: Counts) -> dict[str, dict[str, int]]:
    """By page, then by hour."""
    found: dict[str, dict[str, int]] = {}
    for (page, hour), count in sorted(counts.items()):
        found.setdefault(page, {})[hour] = count
    return found


def embedded(folder: Path, env: dict[str, str], newest: datetime) -> None:
    """Rows and log as SQLite files."""
    env = {**env, "DATA_DIR": str(folder), "DATABASE_URL": "", "RABBITMQ_URL": ""}
    log = folder / "log.sqlite3"

    def unreadable() -> None:
        with closing(sqlite3.connect(log, timeout=30)) as connection, connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute(
                "INSERT INTO log_entries (partition, log_offset, body) "
                "SELECT partition, next_offset, ? FROM log_ends WHERE partition = 0",
                (UNREADABLE,),
            )
            connection.execute(
                "UPDATE log_ends SET next_offset = next_offset + 1 WHERE partition = 0"
            )

    expected = make(env, newest, unreadable)
    for file in (log, folder / "rows.sqlite3"):
        with closing(sqlite3.connect(file)) as connection:
            connection.execute("VACUUM")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    write(folder / "expected.json", expected)


def production(folder: Path, env: dict[str, str], newest: datetime) -> None:
    """Rows as a dump of PostgreSQL, the streams' messages as lines of JSON."""
    name = f"footfall_data_{uuid.uuid4().hex[:8]}"
    server, broker = env["DATABASE_URL"], env["RABBITMQ_URL"]
    url = urlunsplit(urlsplit(server)._replace(path=f"/{name}"))
    env = {**env, "DATABASE_URL": url, "STREAM_PREFIX": name, "DATA_DIR": str(folder)}
    subprocess.run(["psql", "-qd", server, "-c", f"CREATE DATABASE {name}"], check=True)
    try:
        expected = make(env, newest, lambda: asyncio.run(publish(broker, f"{name}.0", UNREADABLE)))
        # As statements, so that any client can bring them in, and in one for many rows.
        dump = subprocess.run(
            ["pg_dump", "--no-owner", "--no-acl", "--rows-per-insert=500", "--encoding=UTF8", url],
            check=True, stdout=subprocess.PIPE, text=True,
        ).stdout  # fmt: skip
        # Lines for psql alone, and headings.
        kept = [line for line in dump.splitlines() if line and not line.startswith(("\\", "--"))]
        (folder / "rows.sql").write_text("\n".join(kept) + "\n")
        ends = {row["partition"]: row["end"] for row in expected["status"]["partitions"]}
        lines = asyncio.run(messages(broker, name, ends))
        (folder / "log.jsonl").write_text("\n".join(map(json.dumps, lines)) + "\n")
        write(folder / "expected.json", expected)
    finally:
        subprocess.run(
            ["psql", "-qd", server, "-c", f"DROP DATABASE {name} WITH (FORCE)"], check=True
        )
        asyncio.run(delete(broker, name))


async def publish(broker: str, stream: str, body: bytes) -> None:
    """Append a message and wait for the confirm."""
    async with await aio_pika.connect(broker) as connection, connection.channel() as channel:
        await channel.default_exchange.publish(aio_pika.Message(body), stream)


async def messages(broker: str, prefix: str, ends: dict[int, int]) -> list[dict[str, Any]]:
    """Every message, in the order of its stream."""
    found = []
    async with await aio_pika.connect(broker) as connection, connection.channel() as channel:
        await channel.set_qos(100)
        for partition, end in ends.items():
            stream = await channel.get_queue(f"{prefix}.{partition}")
            first = {"x-stream-offset": "first"}
            async with stream.iterator(arguments=first, timeout=30) as incoming:
                offset = -1
                while offset < end - 1:
                    message = await anext(incoming)
                    await message.ack()
                    offset = int(str(message.headers["x-stream-offset"]))
                    body = base64.b64encode(message.body).decode()
                    found.append({"partition": partition, "offset": offset, "body": body})
    return found


async def delete(broker: str, prefix: str) -> None:
    """The streams go as they came."""
    async with await aio_pika.connect(broker) as connection, connection.channel() as channel:
        for partition in range(PARTITIONS):
            await channel.queue_delete(f"{prefix}.{partition}")


def write(file: Path, found: dict[str, Any]) -> None:
    """As JSON that reads well in a comparison of versions."""
    file.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="for the data, new or empty")
    folder = parser.parse_args().folder.resolve()
    settings = {
        "NUM_PARTITIONS": str(PARTITIONS), "NUM_SHARDS": "3", "FLUSH_INTERVAL_MS": "100",
        "RETENTION_DAYS": "0", "PAGE_RULES": "", "HOST": "127.0.0.1",
    }  # fmt: skip
    env = {**os.environ, **settings}
    env.setdefault("DATABASE_URL", "postgresql://postgres@127.0.0.1:5432/postgres")
    env.setdefault("RABBITMQ_URL", "amqp://guest:guest@127.0.0.1:5672/")
    newest = datetime.now(UTC).replace(minute=50, second=0, microsecond=0) - timedelta(hours=1)
    for name, make_one in (("embedded", embedded), ("production", production)):
        (folder / name).mkdir(parents=True)
        make_one(folder / name, env, newest)


if __name__ == "__main__":
    main()
