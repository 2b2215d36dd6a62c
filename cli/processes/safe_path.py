"""Where children find our packages, and that nothing of the current folder is run."""

import os
import site
import sys
import sysconfig
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
"""The folder that holds our packages."""

PYTHON = (sys.executable, "-P", "-m", "cli")
"""What starts a child: safe-path, so that Python does not put the current folder first."""


def python_path(given: str | None) -> str:
    """PYTHONPATH for a child that is to run the same code, `given` the one of this process.

    A checkout comes first, as it did here; what is installed is found anyway. An empty entry would
    mean the current folder.
    """
    entries = [entry for entry in (given or "").split(os.pathsep) if entry]
    if str(ROOT) not in _installed():
        entries = [str(ROOT), *(entry for entry in entries if entry != str(ROOT))]
    return os.pathsep.join(entries)


def leave_current_folder() -> None:
    """`python -m cli` puts the current folder first: out with it where our packages are not there.

    Under -P, PYTHONSAFEPATH, or started by a script, Python has not done so.
    """
    if not sys.flags.safe_path and sys.path and sys.path[0] in ("", os.getcwd()):
        first = Path(sys.path[0] or os.getcwd()).resolve()
        if first != ROOT:
            del sys.path[0]


def _installed() -> set[str]:
    paths = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    return {str(Path(path).resolve()) for path in (*paths, *site.getsitepackages())}
