"""`python -m tests.fuzz [NAME ...] [--seconds N] [--seed S] [--input FILE]`: run targets.

All of them where none is named. An input that fails is kept in a file: `--input` gives it to its
target alone. Without atheris chance chooses the inputs.
"""

import argparse
import subprocess
import sys
from pathlib import Path
from random import Random

from tests.fuzz import running


def main() -> int:
    """The exit code: 1 where an input failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("names", metavar="NAME", nargs="*")
    parser.add_argument("--seconds", type=int, default=60, help="for each target")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--input", type=Path)
    parser.add_argument("--chance", action="store_true", help="without atheris, where that is too")
    given = parser.parse_args()
    if len(given.names) != 1:
        return max(_in_a_process(name, sys.argv[1:]) for name in given.names or _names())
    (name,) = given.names
    if name not in _names():
        parser.error(f"{name} is none of {', '.join(_names())}")
    if given.input is not None:
        running.targets()[name].one(given.input.read_bytes())
        return 0
    if running.has_atheris() and not given.chance:
        running.with_atheris(name, given.seconds, given.seed)
    return _by_chance(name, given.seconds, given.seed)


def _names() -> list[str]:
    folder = Path(__file__).parent
    return sorted(path.stem for path in folder.glob("*.py") if "\nSEEDS" in path.read_text())


def _in_a_process(name: str, arguments: list[str]) -> int:
    # atheris ends the process it runs in.
    options = [argument for argument in arguments if argument not in _names()]
    print(f"{name}:", flush=True)
    done = subprocess.run([sys.executable, "-m", "tests.fuzz", name, *options], check=False)
    return int(done.returncode != 0)


def _by_chance(name: str, seconds: int, seed: int) -> int:
    target = running.targets()[name]
    inputs = running.by_chance(target.SEEDS, Random(seed))
    try:
        times = running.try_each(target.one, running.for_seconds(inputs, seconds))
    except running.Failed as error:
        running.FOLDER.mkdir(exist_ok=True)
        kept = running.FOLDER / f"{name}-{seed}"
        kept.write_bytes(error.data)
        print(f"{name}: {error}\n  kept in {kept}", file=sys.stderr)
        return 1
    print(f"{name}: {times:,} inputs, none failed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
