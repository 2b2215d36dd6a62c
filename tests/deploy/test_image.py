"""What the Dockerfile puts into the image, as far as it can be seen without building it."""

import fnmatch
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from setuptools import find_packages

from tests.deploy.compose import REPOSITORY

INSTRUCTIONS = re.sub(r"\\\n\s*", "", (REPOSITORY / "Dockerfile").read_text()).splitlines()
PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())
PACKAGES = find_packages(
    str(REPOSITORY), include=PROJECT["tool"]["setuptools"]["packages"]["find"]["include"]
)


def said(instruction: str) -> list[str]:
    """The arguments of each `instruction`."""
    word = instruction + " "
    return [line.removeprefix(word) for line in INSTRUCTIONS if line.startswith(word)]


def copied() -> list[str]:
    """What comes from the repository."""
    sources = [line.split()[:-1] for line in said("COPY") if not line.startswith("--from")]
    return [source.rstrip("/") for line in sources for source in line]


def final(instruction: str) -> list[str]:
    """The arguments of each `instruction` of the last stage."""
    start = max(n for n, line in enumerate(INSTRUCTIONS) if line.startswith("FROM "))
    word = instruction + " "
    return [line.removeprefix(word) for line in INSTRUCTIONS[start:] if line.startswith(word)]


def ignored(name: str) -> bool:
    """Does .dockerignore hide this name of the top level? The last line that fits decides."""
    found = False
    for line in (REPOSITORY / ".dockerignore").read_text().splitlines():
        if line and not line.startswith("#") and fnmatch.fnmatch(name, line.removeprefix("!")):
            found = not line.startswith("!")
    return found


def test_every_package_is_copied() -> None:
    packages = {name.partition(".")[0] for name in PACKAGES}
    assert packages <= set(copied())


def test_only_what_is_copied_is_sent_to_the_builder() -> None:
    names = [entry.name for entry in REPOSITORY.iterdir()]
    assert sorted(name for name in names if not ignored(name)) == sorted(copied())


@pytest.mark.parametrize("name", [".env", ".git", ".venv", "footfall-data", "tests"])
def test_what_is_nobodys_business_stays_outside(name: str) -> None:
    assert ignored(name)


def test_what_is_installed_from_outside_has_a_hash() -> None:
    installs = [line for line in said("RUN") if "pip" in line and " install" in line]
    parts = [part for line in installs for part in line.split("&&") if " install" in part]
    assert parts
    assert all("--require-hashes" in part or "--no-deps" in part for part in parts)
    assert not any("dev.txt" in part for part in parts)


def test_the_build_back_end_is_the_one_of_the_tests() -> None:
    found = [
        re.findall(
            r"^setuptools==.*(?:\n    --hash.*)+", (REPOSITORY / name).read_text(), re.MULTILINE
        )
        for name in ("requirements/build.txt", "requirements/dev.txt")
    ]
    assert found[0]
    assert found[0] == found[1]


def test_one_series_of_python_and_the_one_that_is_tested() -> None:
    images = {line.split()[0] for line in said("FROM")}
    assert images == {"python:3.11-slim"}
    assert PROJECT["project"]["requires-python"] == ">=3.11"


def test_the_image_runs_footfall_and_not_as_root() -> None:
    assert final("ENTRYPOINT") == ['["footfall"]']
    assert final("CMD") == ['["up"]']
    assert final("USER") == ["footfall"]
    assert "HOST=0.0.0.0" in final("ENV")[0].split()


def test_what_is_copied_makes_the_whole_project(tmp_path: Path) -> None:
    hidden = shutil.ignore_patterns("__pycache__", "*.egg-info")
    for name in copied():
        source = REPOSITORY / name
        if source.is_dir():
            shutil.copytree(source, tmp_path / name, ignore=hidden)
        else:
            shutil.copy(source, tmp_path)
    build = "import setuptools.build_meta as b; print(b.build_wheel('.'))"
    command = [sys.executable, "-c", build]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    with zipfile.ZipFile(next(tmp_path.glob("*.whl"))) as wheel:
        packed = {name for name in wheel.namelist() if ".dist-info/" not in name}
    tracked = {
        str(file.relative_to(REPOSITORY))
        for package in PACKAGES
        for file in (REPOSITORY / package.replace(".", "/")).rglob("*")
        if file.suffix in (".py", ".mako", ".js", ".css", ".html", ".svg")
    }
    assert packed == tracked
