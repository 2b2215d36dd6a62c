"""The dashboard's modules, held to their types by tsc and to their rules by eslint.

    python -m tests.dashboard.checks

Both come from npm; where its registry is not reached that is said and, but with CI=true, no fault.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.browser.clients import NotReached, brought
from tests.servers import node_binary

FOLDER = Path(__file__).parent
REPOSITORY = FOLDER.parents[1]
_RULES = "eslint.config.js"
_LINTED = ("dashboard/page/js", "tests/dashboard/js")


def main() -> int:
    """The exit code."""
    try:
        modules = brought(FOLDER)
    except NotReached as error:
        print(f"LEFT OUT: types and rules of the dashboard's modules: {error}", file=sys.stderr)
        return 1 if os.environ.get("CI") == "true" else 0
    return max(types(modules), linted(modules, *_LINTED))


def types(modules: Path, project: Path = FOLDER / "tsconfig.json") -> int:
    """The exit code of tsc, which says what is wrong."""
    return _run(modules / "typescript/bin/tsc", "--project", project)


def linted(modules: Path, *arguments: str, folder: Path = REPOSITORY) -> int:
    """The exit code of eslint, likewise; `arguments` are files below `folder`, and options."""
    # It looks for what its rules import beside them.
    rules = shutil.copy(FOLDER / _RULES, modules.parent)
    given = ["--config", rules, "--max-warnings", "0", "--no-config-lookup", *arguments]
    return _run(modules / "eslint/bin/eslint.js", *given, folder=folder)


def _run(*command: Path | str, folder: Path = REPOSITORY) -> int:
    node = node_binary()
    assert node is not None
    return subprocess.run([node, *command], cwd=folder, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
