"""`make setup`: .venv with what runs, with `dev` what tests and checks too, and with `peers` what
benchmarks compare with.

    python3 requirements/install.py [dev] [peers]

Knows only the standard library. Whatever ends it in the middle, the next run makes good.
"""

import hashlib
import importlib.util
import os
import shlex
import shutil
import signal
import subprocess
import sys
import sysconfig
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
VENV = REPOSITORY / ".venv"
# pip while it is needed, which is now.
TOOLS = VENV / ".tools"
# Written last: what has no such file was never finished.
MADE = VENV / ".made"
MORE = {"dev": "what tests and checks", "peers": "what benchmarks compare with"}
# Of the rest of what is installed nothing is ever loaded here: it is not compiled.
_LOADED = """
import importlib, pkgutil, sys
import cli, dashboard, domain, importer, ingest, log, migrations, projector, read_api, rows, web
# What runs where it is loaded.
never = {"cli.__main__", "migrations.env"}
for package in (
    cli, dashboard, domain, importer, ingest, log, migrations, projector, read_api, rows, web
):
    for found in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        if found.name not in never:
            importlib.import_module(found.name)
import alembic.command, alembic.context
import sqlalchemy.dialects.postgresql.asyncpg, sqlalchemy.dialects.sqlite.aiosqlite
import crawlerdetect.providers.crawlers, crawlerdetect.providers.exclusions
import ua_parser.loaders, ua_parser.regex, ua_parser_builtins.lazy
import uvicorn.lifespan.on, uvicorn.loops.uvloop, uvicorn.protocols.http.httptools_impl
"""
NEEDS_VENV = (
    "Footfall's setup needs Python's venv and pip, and this Python has none.\n"
    "On Debian and Ubuntu: apt install python3-venv"
)


def main(arguments: Sequence[str]) -> int:
    """The exit code; what is there already is left alone."""
    if VENV.is_symlink():
        # What is behind a link belongs to somebody else.
        return 0 if VENV.is_dir() else _fail(f"{VENV} is a link to nowhere: remove it")
    with _ending_in_order():
        return _install([name for name in MORE if name in arguments])


def _install(more: Sequence[str]) -> int:
    if not _usable():
        if VENV.exists():
            print("making .venv anew: it is not finished, not of this place or not of this Python")
        _remove(VENV)
    due = [stamp for stamp in (_runtime(), *map(_more, more)) if stamp.is_due()]
    if not due:
        return 0
    fresh = not VENV.exists()
    try:
        if fresh:
            if not _can_make():
                return _fail(NEEDS_VENV)
            _make()
        for stamp in due:
            _bring(stamp)
        MADE.write_text(_identity())
    except subprocess.CalledProcessError as error:
        return _fail(
            f"{error.cmd[-1]} could not be set up, the lines above say why.\n"
            "Where the package index is not reached: PIP_INDEX_URL or https_proxy name a way."
        )
    except OSError as error:
        return _fail(f"{error.filename or VENV}: {error.strerror}")
    finally:
        _remove(TOOLS)
        if fresh and not MADE.exists():
            _remove(VENV)
    return 0


class Stamp:
    """One step of the setup, and the note that it was done with what stands in `files` now."""

    def __init__(self, name: str, *files: str) -> None:
        self.name = name
        self._file = VENV / f".{name}"
        content = b"".join((REPOSITORY / file).read_bytes() for file in files)
        self._state = hashlib.sha256(content).hexdigest()

    def is_due(self) -> bool:
        return not self._file.exists() or self._file.read_text() != self._state

    def begin(self) -> None:
        self._file.unlink(missing_ok=True)

    def done(self) -> None:
        self._file.write_text(self._state)


def _runtime() -> Stamp:
    return Stamp("runtime", "requirements/runtime.txt", "requirements/install.py")


def _more(name: str) -> Stamp:
    return Stamp(name, f"requirements/{name}.txt")


def _bring(stamp: Stamp) -> None:
    stamp.begin()
    if stamp.name in MORE:
        print(f"installing {MORE[stamp.name]}", flush=True)
        _pip("--compile", "--require-hashes", "-r", f"requirements/{stamp.name}.txt")
    else:
        print("installing what runs", flush=True)
        _pip("--require-hashes", "-r", "requirements/runtime.txt")
        _link()
        _compile()
    stamp.done()


def _can_make() -> bool:
    has_pip = _pip_wheel() is not None or importlib.util.find_spec("pip") is not None
    return has_pip and importlib.util.find_spec("venv") is not None


def _make() -> None:
    # Where .venv was activated this Python is its own, which has just been removed.
    python = getattr(sys, "_base_executable", sys.executable)
    subprocess.run([python, "-m", "venv", "--without-pip", str(VENV)], check=True)


def _pip(*arguments: str) -> None:
    # pip itself is not installed, and nothing is compiled that is never loaded: together that is
    # half of the time and of the size.
    wheel = _pip_wheel()
    if wheel is not None and not TOOLS.exists():
        with zipfile.ZipFile(wheel) as packed:
            packed.extractall(TOOLS)
    if wheel is None:
        pip = [sys.executable, "-m", "pip", "--python", str(VENV)]
    else:
        pip = [str(_python()), "-m", "pip"]
    quietly = ["--quiet", "--disable-pip-version-check", "install", "--no-compile"]
    environment = {**os.environ, "PYTHONPATH": str(TOOLS)}
    command = [*pip, *quietly, "--no-warn-script-location", *arguments]
    subprocess.run(command, cwd=REPOSITORY, env=environment, check=True)


def _link() -> None:
    """`footfall` of the checkout itself. To build an editable one takes as long as all the rest."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    (VENV / "lib" / version / "site-packages" / "footfall.pth").write_text(f"{REPOSITORY}\n")
    command = VENV / "bin" / "footfall"
    # By way of a shell: the first line of a script holds no blank, and little else. With -P no
    # folder where it is called is taken for one of ours.
    python = shlex.quote(str(_python()))
    command.write_text(f'#!/bin/sh\nexec {python} -P -m cli "$@"\n')
    command.chmod(0o755)


def _compile() -> None:
    # By loading it: a third of what is installed. Left to the first start, each of its processes
    # would do that, and where Python may not write there each start would.
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    command = [_python(), "-c", _LOADED, "Footfall"]
    subprocess.run(command, cwd=REPOSITORY, env=environment, check=True)


def _pip_wheel() -> Path | None:
    """The pip that Python brings for its own environments; Debian has it in a folder apart."""
    apart = sysconfig.get_config_var("WHEEL_PKG_DIR")
    found = importlib.util.find_spec("ensurepip")
    if found is None or found.origin is None:
        return None
    folders = [Path(found.origin).parent / "_bundled", *([Path(apart)] if apart else [])]
    wheels = [wheel for folder in folders for wheel in sorted(folder.glob("pip-*.whl"))]
    return wheels[-1] if wheels else None


def _usable() -> bool:
    """Was it finished, here, by this Python, and does it still start?"""
    try:
        if MADE.read_text() != _identity():
            return False
        return subprocess.run([_python(), "-c", ""], check=False).returncode == 0
    except OSError:
        return False


def _identity() -> str:
    # Scripts in it name it by its path.
    return f"{VENV}\n{sys.base_prefix}\n{sys.version}\n"


def _python() -> Path:
    return VENV / "bin" / "python"


def _remove(folder: Path) -> None:
    if folder.is_dir():
        shutil.rmtree(folder)
    else:
        folder.unlink(missing_ok=True)


def _fail(message: str) -> int:
    print(message, file=sys.stderr)
    return 1


@contextmanager
def _ending_in_order() -> Iterator[None]:
    """Ctrl-C and SIGTERM end it, and leave nothing that is half made."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        yield
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGINT)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
