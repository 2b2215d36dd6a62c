"""`python -m tests.safeguards` still finds what it takes out, and the page says what it is for."""

import pytest

from tests.safeguards import REPOSITORY, SAFEGUARDS, Safeguard, occurrences

ROWS = {
    row.split("|")[1].strip(): row
    for row in (REPOSITORY / "docs/guarantees.md").read_text().splitlines()
    if row.startswith("| ")
}
BY_NAME = pytest.mark.parametrize("safeguard", SAFEGUARDS, ids=lambda found: found.name)


@BY_NAME
def test_what_protects_is_in_its_file_once(safeguard: Safeguard) -> None:
    assert occurrences(safeguard) == 1
    assert safeguard.text != safeguard.instead


@BY_NAME
def test_the_page_has_a_row_with_the_test(safeguard: Safeguard) -> None:
    file, name = safeguard.test.split("[")[0].split("::")
    assert f"`{name.removeprefix('test_')}`" in ROWS[safeguard.name]
    assert f"def {name}(" in (REPOSITORY / file).read_text()


def test_the_page_names_nothing_else() -> None:
    assert set(ROWS) - {"safeguard", "---"} == {safeguard.name for safeguard in SAFEGUARDS}
