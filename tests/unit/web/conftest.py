"""What is the same for several modules here."""

import asyncio
from collections.abc import Iterator

import pytest

from cli.wiring import web as wiring
from tests.unit.web.two_sites import NOW_MS, Both, Opened


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    with pytest.MonkeyPatch.context() as patch, asyncio.Runner() as loop:
        patch.setattr(wiring, "now_ms", lambda: NOW_MS)
        opened = Opened(tmp_path_factory.mktemp("bound"))
        yield Both(loop, *loop.run(opened.begin()))
        loop.run(opened.end())
