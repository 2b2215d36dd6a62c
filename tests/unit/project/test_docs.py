"""What README, CONTRIBUTING and docs/ name is there."""

import re
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[3]
PAGES = [
    REPOSITORY / "README.md",
    REPOSITORY / "CONTRIBUTING.md",
    REPOSITORY / "tests/data/README.md",
    *sorted((REPOSITORY / "docs").rglob("*.md")),
]
# In backticks, and not in parts: what has a blank or a placeholder in it is not a path.
_QUOTED = re.compile(r"`([\w.*/-]+)`")
_FILE = re.compile(r"(?<![\w./-])\.?(?:[\w.-]+/)*[\w.-]+\.(?:py|md|toml|yml|mako)(?![\w/])")
_FOLDERS = {path.name for path in REPOSITORY.iterdir() if path.is_dir()}
_NAMES = {
    path.name
    for folder in _FOLDERS
    if not folder.startswith(".")
    for path in (REPOSITORY / folder).rglob("*")
}


def named(page: Path) -> set[str]:
    """The paths that a page names: files wherever they stand, folders in backticks."""
    text = page.read_text()
    folders = {path for path in _QUOTED.findall(text) if path.split("/")[0] in _FOLDERS}
    return {path for path in folders if "/" in path} | set(_FILE.findall(text))


def is_there(path: str, page: Path) -> bool:
    """From the repository, or beside the page; a bare name may be anywhere."""
    if "/" not in path and path in _NAMES:
        return True
    return any(any(start.glob(path)) for start in (REPOSITORY, page.parent))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(REPOSITORY)))
def test_every_file_it_names_is_there(page: Path) -> None:
    assert not sorted(path for path in named(page) if not is_there(path, page))


def test_a_file_that_is_gone_is_noticed(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "`rows/store.py`, `projector/gone/`, `rows/tables.py`, docs/benchmarks.md (`rows/*.py`), "
        "`example.com/page`, `make test`, `/schema`, `test_hours.py`, `test_gone.py`"
    )
    missing = sorted(path for path in named(page) if not is_there(path, page))
    assert missing == ["projector/gone/", "rows/store.py", "test_gone.py"]
