"""Running a target: with atheris, which looks where each input leads, or with chance alone."""

import importlib
import importlib.util
import pkgutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any, NoReturn

import tests.fuzz
from tests.fuzz import GRAMMAR

One = Callable[[bytes], None]
FOLDER = Path(tempfile.gettempdir()) / "footfall-fuzz"
"""Inputs that failed."""
_LOOKED_AT = ["domain", "ingest", "importer", "read_api", "web", "tests.fuzz.grammar"]
_FIRST = 200


class Failed(Exception):
    """A target raised; `data` is what it was given."""

    def __init__(self, data: bytes, error: Exception) -> None:
        self.data = data
        super().__init__(f"{type(error).__name__}: {error}\n  given {data[:300]!r}")


def targets() -> Mapping[str, Any]:
    """Name to module, of all that have `one` and `SEEDS`."""
    names = [found.name for found in pkgutil.iter_modules(tests.fuzz.__path__)]
    modules = {
        name: importlib.import_module(f"tests.fuzz.{name}")
        for name in names
        if name != "__main__" and not name.startswith("test_")
    }
    return {name: module for name, module in modules.items() if hasattr(module, "one")}


def try_each(one: One, inputs: Iterator[bytes]) -> int:
    """How many there were. Raises `Failed` for the first that fails."""
    times = 0
    for data in inputs:
        times += 1
        try:
            one(data)
        except Exception as error:
            raise Failed(data, error) from error
    return times


def by_chance(seeds: Sequence[bytes], random: Random) -> Iterator[bytes]:
    """The seeds, then without end what chance makes of them and of the grammar."""
    yield from seeds
    while True:
        yield _changed(random.choice(seeds), random) if random.random() < 0.3 else _chosen(random)


def for_seconds(inputs: Iterator[bytes], seconds: float) -> Iterator[bytes]:
    """As many as there are in that time."""
    until = time.monotonic() + seconds
    for data in inputs:
        if time.monotonic() > until:
            return
        yield data


def with_atheris(name: str, seconds: int, seed: int) -> NoReturn:
    """Ends the process, with another exit code than 0 where an input failed."""
    import atheris

    FOLDER.mkdir(exist_ok=True)
    # Only what is imported in here is looked at.
    with atheris.instrument_imports(include=_LOOKED_AT):
        target = targets()[name]
    corpus = Path(tempfile.mkdtemp(prefix=f"footfall-{name}-"))
    for number, data in enumerate(islice(by_chance(target.SEEDS, Random(seed)), _FIRST)):
        (corpus / str(number)).write_bytes(data)
    limits = [f"-max_total_time={seconds}", f"-seed={seed}", "-max_len=4096", "-timeout=20"]
    atheris.Setup(
        [sys.argv[0], *limits, f"-artifact_prefix={FOLDER}/{name}-", str(corpus)], target.one
    )
    atheris.Fuzz()
    sys.exit(0)


def has_atheris() -> bool:
    """It is not to be had for every machine."""
    return importlib.util.find_spec("atheris") is not None


def _chosen(random: Random) -> bytes:
    size = random.randrange(200)
    # Plain choices between odd ones: only odd ones are refused at the first.
    plain = 1 - random.random() ** 3
    data = bytes(
        random.randrange(4) if random.random() < plain else random.randrange(256)
        for _ in range(size)
    )
    return GRAMMAR + data


def _changed(data: bytes, random: Random) -> bytes:
    for _ in range(random.randrange(1, 5)):
        at, to = sorted(random.randrange(len(data) + 1) for _ in range(2))
        byte = bytes([random.choice(b'{}[]":,\\0u\x00\xff ') if random.random() < 0.5
                      else random.randrange(256)])  # fmt: skip
        data = random.choice([
            data[:at] + byte + data[at + 1 :],
            data[:at] + byte + data[at:],
            data[:at] + data[to:],
            data[:to] + data[at:to] + data[to:],
        ])  # fmt: skip
    return data
