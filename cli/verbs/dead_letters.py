"""footfall dead-letters"""

import sys
from contextlib import suppress

import click

from cli.output.letters import (
    letter_lines,
    letter_table,
    letters_json,
    retried_line,
    told_of,
)
from cli.output.saying import say, say_json
from cli.processes.running import run, settings_or_exit
from cli.wiring.letters import open_letters, retrying
from cli.wiring.versions import require_migrated
from domain.events import Offset, Partition
from domain.letters import Retried
from projector.job import Held
from projector.letters import LetterBox, NoLetter

_LIMIT = 100
_PARTITION = click.IntRange(0, 2**31 - 1)
_OFFSET = click.IntRange(0, 2**63 - 1)


@click.group(name="dead-letters")
def dead_letters() -> None:
    """List, show and retry the messages of the log that are not counted.

    What cannot be counted is set aside, so that the partition goes on: what is no batch; a batch
    with views more than an hour after it was recorded; one recorded more than an hour after the
    present of whoever folds it, the later of its own clock and the database's; one that a partition
    has no room for; one that the database cannot hold.

    Of each partition 1,000 are kept, whole up to 1 MB together and else their first 1,000 bytes;
    the others are counted. The log has all of them, as long as RETENTION_DAYS lets it.
    """


@dead_letters.command(name="list")
@click.option("--partition", type=_PARTITION, help="Only those of this partition.")
@click.option("--after", type=_OFFSET, help="Only those after this offset; with --partition.")
@click.option(
    "--limit", type=click.IntRange(1, 10_000), default=_LIMIT, show_default=True, help="How many."
)
@click.option("--json", "as_json", is_flag=True, help="For machines.")
def list_letters(partition: int | None, after: int | None, limit: int, as_json: bool) -> None:
    """Show which there are, by partition and offset.

    \b
    bytes   what it had in the log
    by      what decided: its bytes alone, a clock, what the log held before it (log), the database

    Exit code 0, whether there are any or not.
    """
    if after is not None and partition is None:
        raise click.UsageError("--after is an offset of one partition: say which, --partition")
    settings = settings_or_exit()

    async def main() -> int:
        await require_migrated(settings)
        async with open_letters(settings) as (rows, _):
            start = None
            if partition is not None and after is not None:
                start = Partition(partition), Offset(after)
            found = await rows.dead_letters.page(limit, _partition(partition), start)
        if as_json:
            say_json(letters_json(found))
        else:
            say("\n".join(letter_table(found)))
        if len(found.letters) == limit and not as_json:
            last = found.letters[-1]
            say(
                f"there may be more: --partition {last.partition} --after {last.offset}, or "
                "--limit",
                err=True,
            )
        return 0

    run(main())


@dead_letters.command()
@click.argument("partition", type=_PARTITION)
@click.argument("offset", type=_OFFSET)
@click.option("--raw", is_flag=True, help="Only its bytes, as they are, to stdout.")
def show(partition: int, offset: int, raw: bool) -> None:
    """Show one: its reason, what its batch says, and its body.

    The body is text with control characters made visible; where not all of it is kept, it is read
    from the log. Exit code 1 where there is none, or with --raw where not all of it is to be had.
    """
    settings = settings_or_exit()

    async def main() -> int:
        await require_migrated(settings)
        async with open_letters(settings) as (_, box):
            letter, body = await box.read(Partition(partition), Offset(offset))
        if not raw:
            say("\n".join(letter_lines(letter, body)))
            return 0
        sys.stdout.buffer.write(body)
        sys.stdout.buffer.flush()
        if len(body) == letter.size:
            return 0
        say(
            f"footfall: {len(body)} of {letter.size} bytes: the log does not hold it any more",
            err=True,
        )
        return 1

    run(main())


@dead_letters.command()
@click.argument("partition", type=_PARTITION, required=False)
@click.argument("offset", type=_OFFSET, required=False)
@click.option("--all", "every", is_flag=True, help="All of them, or all of --partition.")
@click.option("--partition", "of_partition", type=_PARTITION, help="With --all.")
@click.option(
    "--accept-clock",
    is_flag=True,
    help="The clock of an ingest was ahead: count what it recorded, but no view of the future.",
)
def retry(
    partition: int | None,
    offset: int | None,
    every: bool,
    of_partition: int | None,
    accept_clock: bool,
) -> None:
    """Decide again on one, or on all, by what is known now.

    A clock may be right by now, a newer Footfall read what an older one could not. What can be
    counted is counted, once, and is no dead letter any more; a rebuild counts it too. What a
    rebuild would set aside again stays as it is, with the reason. Projectors may go on; a rebuild
    may not be under way.

    Where the clock of an ingest was ahead, what it recorded lies in the future until that time has
    come: --accept-clock counts it now.

    Exit code 1 where any stays set aside.
    """
    one = partition is not None and offset is not None
    if one == every or (of_partition is not None and not every):
        raise click.UsageError("give a PARTITION and an OFFSET, or --all [--partition N]")
    settings = settings_or_exit()

    async def main() -> int:
        await require_migrated(settings)
        async with open_letters(settings) as (rows, box), retrying(settings, rows) as job:
            if every:
                done = await _retry_all(box, job, _partition(of_partition), accept_clock)
                say(told_of(done))
            else:
                place = Partition(partition or 0), Offset(offset or 0)
                done = [await box.retry(job.epoch, *place, believing=accept_clock)]
                say(retried_line(done[0]))
        return 1 if any(result.reason is not None for result in done) else 0

    run(main())


async def _retry_all(
    box: LetterBox, job: Held, partition: Partition | None, accept_clock: bool
) -> list[Retried]:
    done = []
    async for place in box.places(partition):
        if job.stop.is_set():
            break
        # One that is the same as another may have gone with it.
        with suppress(NoLetter):
            done.append(await box.retry(job.epoch, *place, believing=accept_clock))
            say(retried_line(done[-1]))
    return done


def _partition(number: int | None) -> Partition | None:
    return None if number is None else Partition(number)
