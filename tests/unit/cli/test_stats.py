"""How answers of statistics look to people, and how options become a question."""

import asyncio
import io
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from unittest.mock import ANY

import pytest
from click.testing import CliRunner

from cli.output.state import state_text
from cli.output.stats import put, stats_text
from cli.output.whole_file import write_whole
from cli.verbs.stats import stats
from domain.agents.classes import Agent
from domain.errors import StoreUnavailable
from domain.events import Hour
from domain.keys import ANYBODY
from read_api.stats.asking import ENDPOINTS
from read_api.stats.given import Given
from read_api.stats.last_known import Seen
from read_api.stats.state import told_state
from tests.fakes_stats import COMPLETE_MS, FakeStats
from tests.unit.read_api.stats_site import NOW_MS, OPEN
from tests.unit.read_api.test_stats_state import state

HOSTILE = "\u202egnp.exe/\ufeffa[red]b[/red]"


COMPLETE = "complete until 2025-07-16T12:34:55.000Z"


def told(
    name: str,
    query: str,
    rows: dict[tuple[int, str], int],
    horizon: int = OPEN - 99,
    complete_ms: int = COMPLETE_MS,
    sources: dict[tuple[Hour, str, str, Agent], int] | None = None,
) -> str:
    """What is shown for hours before the open one."""
    known = {(Hour(OPEN - ago), page): n for (ago, page), n in rows.items()}
    store = FakeStats(known, sources=sources)
    store.horizon, store.complete_ms = Hour(horizon), complete_ms
    (endpoint,) = [one for one in ENDPOINTS if one.name == name]
    asked = Given(query.encode(), endpoint.names, ANYBODY)
    return stats_text(asyncio.run(endpoint.read(store, asked, NOW_MS // 1_000)).answer)


def test_a_list_is_a_table_with_what_follows() -> None:
    rows = {(1, "a/x"): 1_500, (25, "a/x"): 3_000, (1, "b"): 1, (2, "c"): 1}
    assert told("pages", "period=24h&compare=previous&limit=2", rows).splitlines() == [
        "all pages, 2025-07-15T13:00:00+00:00 to 2025-07-16T13:00:00+00:00, UTC, against previous",
        "",
        "rank  views    share   change  page",
        "   1  1,500   99.9 %  -50.0 %  a/x",
        "   2      1  < 0.1 %        -  b",
        "1,502 views of 3 pages",
        ANY,
        COMPLETE,
    ]
    assert "more with --cursor " in told("pages", "period=24h&limit=2", rows)


def test_sources_are_a_table_in_which_those_who_came_from_nowhere_have_a_name() -> None:
    hour = Hour(OPEN - 1)
    sources = {(hour, "a", "", Agent.PERSON): 3, (hour, "a", "[red]\u202e", Agent.PERSON): 1}
    assert told("sources", "period=24h&site=a", {(1, "a"): 5}, sources=sources).splitlines() == [
        "site a, 2025-07-15T13:00:00+00:00 to 2025-07-16T13:00:00+00:00, UTC",
        "",
        "rank  views   share  source",
        "   1      3  75.0 %  (direct)",
        "   2      1  25.0 %  [red]\ufffd",
        "4 views of 2 sources",
        COMPLETE,
        "",
        "Where viewers came from is known of 4 of 5 views: the others are in no row.",
    ]
    shown = told("views", "period=24h&site=a&source=", {}, sources=sources)
    assert shown.startswith("site a, source (direct), 2025")


def test_a_series_is_a_table_with_its_busiest_bucket_and_its_change() -> None:
    shown = told("views", "period=24h&unit=day&compare=previous", {(1, "a"): 3, (25, "a"): 2})
    assert shown.splitlines()[2:] == [
        "from                       views  before",
        "2025-07-15T13:00:00+00:00      0       0  cut by the range",
        "2025-07-16T00:00:00+00:00      3       2  cut by the range, not complete",
        "3 views, most of them from 2025-07-16T00:00:00+00:00: 3",
        "+50.0 % against 2 before, in 23 of 23 whole hours",
        COMPLETE,
    ]


def test_whose_views_are_counted_is_told_where_it_is_not_everybody_s() -> None:
    assert told("views", "period=24h&agent=robot", {}).startswith("all pages, agent robot, 2025")
    assert told("views", "period=24h&agent=all", {}).startswith("all pages, 2025")
    assert "agent=unknown has them" in told("bounds", "agent=person", {})


def test_what_should_be_known_stands_below() -> None:
    shown = told("views", "period=24h&unit=day", {}, horizon=OPEN - 2)
    assert shown.endswith(
        "\n\nHours before 2025-07-16T10:00:00Z are no longer kept and count as 0."
    )
    assert "cut by the range and the horizon" in shown
    shown = told("views", "period=24h", {}, complete_ms=0)
    assert shown.endswith("\nuntil when it is complete is not known")
    assert shown.count("not complete\n") == 24


@pytest.mark.parametrize("name", ["pages", "sites", "movers"])
def test_names_from_strangers_are_shown_and_never_obeyed(name: str) -> None:
    shown = told(name, "period=24h", {(1, HOSTILE): 1})
    assert "\u202e" not in shown
    assert "\ufeff" not in shown
    assert "\ufffdgnp.exe" in shown
    assert name == "sites" or "[red]" in shown


def test_a_week_has_a_column_a_day_and_a_row_an_hour() -> None:
    lines = told("hours-of-week", "period=24h", {(0, "a"): 7}).splitlines()
    assert len(lines) == 2 + 1 + 24 + 2
    assert lines[2].split() == ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
    assert lines[3 + 12].split() == ["12:00", "0", "0", "7", "0", "0", "0", "0"]


def test_bounds_of_nothing_are_told() -> None:
    lines = told("bounds", "", {}, horizon=-20_000_000).splitlines()
    assert lines[0].split() == ["first", "hour", "with", "views", "none"]
    assert lines[2].split() == ["oldest", "hour", "kept", "all", "are"]


class Terminal(io.TextIOWrapper):
    def isatty(self) -> bool:
        return True


def test_data_is_data_but_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    for kind, shown in ((io.TextIOWrapper, "a\u202eb\r\n"), (Terminal, "a\ufffdb\n")):
        out: Any = kind(io.BytesIO(), encoding="utf-8", newline="")
        monkeypatch.setattr(sys, "stdout", out)
        put("a\u202eb\r\n".encode())
        out.flush()
        assert out.buffer.getvalue().decode() == shown


@pytest.mark.parametrize("name", [one.name for one in ENDPOINTS])
def test_every_question_explains_itself(name: str) -> None:
    found = CliRunner().invoke(stats, [name, "--help"])
    assert found.exit_code == 0
    assert f"footfall stats {name}" in found.output


async def pieces(fails: bool) -> AsyncIterator[bytes]:
    yield b"new"
    if fails:
        raise StoreUnavailable("the database went away")
    yield b"er"


async def test_a_file_is_there_once_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "views.csv"
    path.write_bytes(b"old")
    with pytest.raises(StoreUnavailable):
        await write_whole(pieces(fails=True), path)
    assert path.read_bytes() == b"old"
    await write_whole(pieces(fails=False), path)
    assert path.read_bytes() == b"newer"
    assert os.listdir(tmp_path) == ["views.csv"]


async def test_a_file_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        await write_whole(pieces(fails=False), tmp_path / "none" / "views.csv")


def test_two_formats_exclude_each_other() -> None:
    found = CliRunner().invoke(stats, ["bounds", "--json", "--csv"])
    assert (found.exit_code, "exclude each other" in found.output) == (2, True)


def test_the_state_is_told_line_by_line() -> None:
    seen = Seen(state(), age_ms=60_000)
    assert state_text(told_state(seen, 0)).splitlines() == [
        "complete until 2025-07-16T12:34:51.500Z, 65 s ago",
        "generation 3",
        "generation 4 is being built (replay): loading, 73.0 %",
        "audit of totals, 2025-07-16T11:55:00Z: difference -12",
        "oldest hour kept: 2024-10-04T00:00:00Z",
        "dead letters: 2, 1 of them by a clock",
        "partition 0: complete until 2025-07-16T12:34:55.500Z, 61 s ago",
        "partition 1: complete until 2025-07-16T12:34:51.500Z, 65 s ago; stopped since "
        "2025-07-16T12:34:50Z: a batch of format 3",
        "partition 2: until when it is complete is not known; waits: no projector folds it: start "
        "one (footfall projector)",
    ]
