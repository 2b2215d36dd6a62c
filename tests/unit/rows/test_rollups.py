"""What is declared of a roll-up is what its table looks like."""

from rows.rollups import HOURLY
from rows.tables import hourly_views


def test_a_rollup_is_keyed_as_its_table_is() -> None:
    keys = {column.name for column in HOURLY.table.primary_key}
    assert keys == {"generation", *HOURLY.keys}
    assert HOURLY.columns == tuple(hourly_views.columns.keys())
    assert HOURLY.time in HOURLY.keys


def test_statements_take_their_names_from_the_declaration() -> None:
    template = "SELECT {keys}, sum({sum}) FROM {target} WHERE {time} >= :first"
    assert HOURLY.sql(template, target="somewhere") == (
        "SELECT page, view_hour, shard, sum(views) FROM somewhere WHERE view_hour >= :first"
    )
