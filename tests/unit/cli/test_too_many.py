"""What check says of names that were too many."""

from cli.output.too_many import too_many_lines
from domain.reports import Facts
from read_api.metrics import exposition


def test_views_that_lost_a_name_are_told_and_nothing_is_said_of_none() -> None:
    facts = Facts(1, 0, 0, [], [], other_pages=1_234, other_values=5)
    pages, sources = too_many_lines(facts)
    assert "1,234 views" in pages
    assert "MAX_NEW_PAGES" in pages
    assert "5 views count for the source other" in sources
    lines = exposition(facts).decode().splitlines()
    assert "footfall_other_page_views_total 1234.0" in lines
    assert "footfall_other_source_views_total 5.0" in lines
    nothing = Facts(1, 0, 0, [], [])
    assert [*too_many_lines(nothing)] == []
    assert b"footfall_other" not in exposition(nothing)
