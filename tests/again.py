"""`python -m tests.again`: what failed beside other tests, once more with nothing beside it.

Tests of real processes wait for conditions, but the processes have bounds of their own: a lease, a
deadline, a second to begin in. On two cores that three tests share, one may be late that is in time
alone. What fails alone has failed; and where many failed, the machine is not to blame.
"""

import json
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

MOST = 5
_FAILED = Path(".pytest_cache/v/cache/lastfailed")


def to_repeat(failed: Mapping[str, bool]) -> list[str]:
    """The tests to run again; none where too many failed, or where it was no test that did."""
    found = sorted(failed)
    return found if len(found) <= MOST and all("::" in test for test in found) else []


def main() -> int:
    """Run them, one after the other; pytest's exit code, 1 where there is nothing to repeat."""
    found = to_repeat(json.loads(_FAILED.read_text()) if _FAILED.exists() else {})
    if not found:
        sys.stderr.write("nothing is run again: no test failed, or too much did\n")
        return 1
    names = "\n  ".join(found)
    sys.stderr.write(f"failed beside others, once more alone:\n  {names}\n")
    return int(pytest.main([*found, "--numprocesses", "0"]))


if __name__ == "__main__":
    sys.exit(main())
