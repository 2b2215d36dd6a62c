"""What a parent makes of children that begin, and of how they end."""

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from cli.processes import family as families
from cli.processes.begun import Begun
from cli.processes.family import Family
from cli.processes.running import OUTDATED
from domain.errors import SettingsError

TELLS = "import os; os.write(int(os.environ['FOOTFALL_BEGINS']), b'.')"
WAITS = "import time; time.sleep(60)"
Child = Callable[[str], None]


@pytest.fixture
def child(monkeypatch: pytest.MonkeyPatch) -> Child:
    """Sets what each child runs."""

    def set_program(program: str) -> None:
        monkeypatch.setattr(families, "PYTHON", (sys.executable, "-c", program))

    return set_program


@pytest.mark.parametrize(("ends", "code"), [("1", 1), ("2", 2), (str(OUTDATED), OUTDATED)])
async def test_a_child_that_cannot_begin_ends_all_with_its_code(
    child: Child, ends: str, code: int, caplog: pytest.LogCaptureFixture
) -> None:
    child(f"import sys; sys.exit({ends})")
    with Family() as family, Begun() as begun:
        async with family.keeping("projector", begun=begun):
            assert await family.until(begun.done) == code
    assert not begun.done.is_set()
    # It has said itself why.
    assert not caplog.records


@pytest.mark.parametrize(
    ("program", "code"),
    [("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", -9), ("", 0)],
    ids=["killed", "told to end"],
)
async def test_one_that_is_ended_while_it_begins_is_told(
    child: Child, caplog: pytest.LogCaptureFixture, program: str, code: int
) -> None:
    child(program)
    with Family() as family, Begun() as begun:
        async with family.keeping("projector", begun=begun):
            assert await family.until(begun.done) == 1
    assert f"projector ended with code {code}, so does all of it" in caplog.text


async def test_one_that_has_begun_and_dies_is_started_again_and_begins_no_more(
    child: Child, tmp_path: Path
) -> None:
    starts = tmp_path / "starts"
    told = f"import os; open({str(starts)!r}, 'a').write(os.environ['FOOTFALL_BEGINS'] + '|')"
    child(f"{told}\nif os.environ['FOOTFALL_BEGINS']: {TELLS}; import time; time.sleep(0.3)")
    with Family() as family, Begun() as begun:
        async with family.keeping("projector", begun=begun):
            await family.until(begun.done)
            assert begun.done.is_set()
            async with asyncio.timeout(30):
                while starts.read_text().count("|") < 2:
                    await asyncio.sleep(0.05)
    first, second, *_ = starts.read_text().split("|")
    assert first.isdigit()
    assert second == ""
    assert family.code == 0


async def test_an_error_beside_children_is_raised_as_it_is_once_they_have_ended(
    child: Child,
) -> None:
    child(WAITS)
    with Family() as family:
        with pytest.raises(SettingsError, match="the port"):
            async with family.keeping("web"):
                raise SettingsError("the port is taken")
