"""A migration that was released never changes again: databases stand behind it."""

import hashlib
from itertools import pairwise
from pathlib import Path
from typing import get_args

import pytest
from alembic.script import ScriptDirectory

from migrations.history import Branch, newest, revisions
from migrations.upgrade import _config

VERSIONS = Path(__file__).parents[2] / "migrations" / "versions"

# As they were in the first release that had them. What is in main and in no release yet may still
# change; a release adds its lines here.
RELEASED = {
    # 0.1.0
    "rows_0001.py": "6fe2600f46c5325a9b94fa799788b2ef7c24d781ea41712258f86342e5cb365d",
    "log_0001.py": "f28bfa49e8253c9a122623dc16ddc0ca1df97dd92149993a8bb87e34ae5f7e0b",
}


@pytest.mark.parametrize("name", RELEASED)
def test_a_released_migration_is_as_it_was_released(name: str) -> None:
    found = hashlib.sha256((VERSIONS / name).read_bytes()).hexdigest()
    assert found == RELEASED[name], (
        f"{name} was released and must not change, not in a comment either: "
        "what is new belongs into a next migration"
    )


@pytest.mark.parametrize("branch", get_args(Branch))
def test_each_migration_stands_on_the_one_before_it(branch: Branch) -> None:
    scripts = ScriptDirectory.from_config(_config(branch))
    newest_first = [s.revision for s in scripts.iterate_revisions(f"{branch}@head", "base")]
    assert newest_first == [f"{branch}_{n:04}" for n in range(len(newest_first), 0, -1)]
    for newer, older in pairwise(newest_first):
        script = scripts.get_revision(newer)
        assert script is not None
        assert script.down_revision == older


@pytest.mark.parametrize("branch", get_args(Branch))
def test_the_versions_that_are_known_are_those_that_alembic_would_go_through(
    branch: Branch,
) -> None:
    scripts = ScriptDirectory.from_config(_config(branch))
    walked = [script.revision for script in scripts.walk_revisions(head=f"{branch}@head")]
    assert revisions(branch) == walked[::-1]
    assert newest(branch) == walked[0]
