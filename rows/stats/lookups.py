"""SQLite: pages in buckets, each read along the key.

It has nothing that finds the bucket of an hour: grouped, every hour of every page would come back.
"""

import json
from collections.abc import Sequence

from sqlalchemy import func, select, true

from domain.agents.classes import Agent
from domain.stats.units import Range
from rows.stats.counted import summed
from rows.stats.snapshot import Snapshot


async def looked_up(
    snapshot: Snapshot, pages: Sequence[str], buckets: Sequence[Range], agent: Agent | None
) -> Sequence[Sequence[int]]:
    """Views of each page in each bucket."""
    wanted = func.json_each(json.dumps(pages)).table_valued("key", "value", name="wanted")
    bucket = func.json_each(json.dumps(buckets)).table_valued("key", "value", name="bucket")
    start, end = (func.json_extract(bucket.c.value, place) for place in ("$[0]", "$[1]"))
    views = summed(snapshot, wanted.c.value, start, end, agent)
    found = [[0] * len(buckets) for _ in pages]
    for page, place, number in await snapshot.rows(
        select(wanted.c.key, bucket.c.key, views).select_from(wanted.join(bucket, true()))
    ):
        found[page][place] = number or 0
    return found
