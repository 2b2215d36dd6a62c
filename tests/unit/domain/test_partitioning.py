import pytest

from domain.partitioning import partition_for, stream_name


@pytest.mark.parametrize(
    ("page", "of_ten", "of_seven"),
    [
        ("example.com/page", 3, 2),
        ("example.com/page1", 6, 0),
        ("example.com/page2", 2, 4),
        ("/", 4, 6),
        ("пример.рф/страница", 1, 6),
        ("例え.jp/ページ", 8, 4),
    ],
)
def test_a_page_never_moves(page: str, of_ten: int, of_seven: int) -> None:
    assert (partition_for(page, 10), partition_for(page, 7)) == (of_ten, of_seven)


def test_a_stream_is_named_by_prefix_and_partition() -> None:
    assert stream_name("footfall.page-views", partition_for("x", 1)) == "footfall.page-views.0"
