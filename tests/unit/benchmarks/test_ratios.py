"""The history of ratios: its files, and what counts as a fall."""

from pathlib import Path

import pytest

from benchmarks.ratios import (
    FOLDER,
    History,
    Unreadable,
    fallen,
    last_release,
    left_out,
    read,
    release_of,
    save,
    write,
)
from benchmarks.table import Ratio

LAST = History("0.2.0", "2026-11-30", {"single": 1.0, "fold": 2.0})


def test_a_ratio_may_fall_by_a_fifth() -> None:
    assert fallen({"single": 0.8, "fold": 1.7}, LAST) == []


def test_more_than_a_fifth_is_a_fall_and_a_sentence() -> None:
    assert fallen({"single": 0.79, "fold": 1.0}, LAST) == [
        "fold fell from 2.00 in 0.2.0 to 1.00, by 50%",
        "single fell from 1.00 in 0.2.0 to 0.79, by 21%",
    ]


def test_what_was_not_measured_has_not_fallen_but_is_named() -> None:
    assert fallen({"fold": 2.0, "new": 0.1}, LAST) == []
    assert left_out({"fold": 2.0, "new": 0.1}, LAST) == ["single"]


def test_a_file_is_read_as_it_was_written(tmp_path: Path) -> None:
    write(tmp_path / "0.2.0.json", LAST)
    assert read(tmp_path / "0.2.0.json") == LAST


def test_a_file_is_rounded_and_in_the_order_of_names(tmp_path: Path) -> None:
    file = tmp_path / "0.2.0.json"
    write(file, History("0.2.0", "2026-11-30", {"b": 0.123456, "a": 1}))
    assert file.read_text() == (
        "{\n"
        '  "version": "0.2.0",\n'
        '  "measured": "2026-11-30",\n'
        '  "ratios": {\n'
        '    "a": 1,\n'
        '    "b": 0.123\n'
        "  }\n"
        "}\n"
    )


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("", "truncated"),
        ('{"version":"1.0","measured":"2026-01-01"}', "ratios"),
        ('{"version":"1.0","measured":"2026-01-01","ratios":{"a":"b"}}', "float"),
        ('{"version":"1.0","measured":"2026-01-01","ratios":{"a":0}}', "a is not above 0"),
        ('{"version":"1.0","measured":"2026-01-01","ratios":{},"more":1}', "more"),
    ],
)
def test_what_is_no_file_of_ratios_is_refused(tmp_path: Path, content: str, why: str) -> None:
    file = tmp_path / "1.0.json"
    file.write_text(content)
    with pytest.raises(Unreadable, match=why):
        read(file)


def test_saving_keeps_what_was_measured_before_and_replaces_what_is_measured_again(
    tmp_path: Path,
) -> None:
    save([Ratio("a", 1.0), Ratio("b", 1.0)], "0.3.0.dev0", "0.2.0", "2026-11-29", tmp_path)
    save([Ratio("b", 2.0)], "0.3.0", "0.2.0", "2026-11-30", tmp_path)
    assert read(tmp_path / "0.3.0.json") == History("0.3.0", "2026-11-30", {"a": 1.0, "b": 2.0})


def test_a_release_keeps_its_own_ratios_and_gets_those_that_it_lacks(tmp_path: Path) -> None:
    save([Ratio("a", 2.0, 1.0)], "0.3.0", "0.2.0", "2026-11-29", tmp_path)
    save([Ratio("a", 2.0, 9.0), Ratio("b", 3.0, 4.0)], "0.3.0", "0.2.0", "2026-11-30", tmp_path)
    assert read(tmp_path / "0.2.0.json").ratios == {"a": 1.0, "b": 4.0}


def test_the_last_release_is_the_newest_before_this_version(tmp_path: Path) -> None:
    for version in ("0.2.0", "0.9.0", "0.10.0", "0.11.0"):
        write(tmp_path / f"{version}.json", History(version, "2026-11-30", {}))
    (tmp_path / "0.10.0 (copy).json").write_text("")
    found = last_release("0.11.0.dev3", tmp_path)
    assert found is not None
    assert found.version == "0.10.0"


def test_the_first_release_has_none_before_it(tmp_path: Path) -> None:
    assert last_release("0.2.0", tmp_path) is None


@pytest.mark.parametrize("version", ["0.3.0", "0.3.0.dev0", "0.3.0rc1", "0.3.0a2"])
def test_a_version_in_development_is_the_release_to_come(version: str) -> None:
    assert release_of(version) == "0.3.0"


@pytest.mark.parametrize("file", sorted(FOLDER.glob("*.json")), ids=lambda file: file.stem)
def test_the_files_that_are_kept_are_read_and_name_their_version(file: Path) -> None:
    assert read(file).version == file.stem


def test_a_release_is_as_good_as_itself() -> None:
    own = read(FOLDER / "0.2.0.json").ratios
    assert {value for name, value in own.items() if name.endswith(" / 0.2.0")} == {1.0}
