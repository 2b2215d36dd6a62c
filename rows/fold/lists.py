"""Which lists of agents have classed what a generation holds."""

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.agents.lists import with_list
from rows.tables import generations


async def note_list(connection: AsyncConnection, which: ColumnElement[bool], version: str) -> None:
    """From now on a list of this version may class what goes into `which` generations.

    Nothing is written, and nobody waited for, where that is known. Before any other row is locked
    in the transaction: two that hold the generation's row and want to change it would wait for each
    other.
    """
    known = generations.c
    while True:
        found = await connection.execute(
            select(known.generation, known.agent_lists).where(which).order_by(known.generation)
        )
        news = {
            row: lists
            for row in found
            if (lists := with_list(row.agent_lists, version)) != row.agent_lists
        }
        if not news:
            return
        for row, lists in news.items():
            # Where another has noted one meanwhile, nothing is changed, and all is looked at again.
            await connection.execute(
                update(generations)
                .where(
                    known.generation == row.generation,
                    known.agent_lists == row.agent_lists,
                )
                .values(agent_lists=lists)
            )
