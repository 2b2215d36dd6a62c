"""Keys for docker-compose.yml, in the .env beside it: what is missing is made, nothing is changed.

`python3 deploy/keys.py [FILE]`; needs nothing but Python. Secrets are in the file and nowhere else.
"""

import os
import re
import secrets
import sys
from collections.abc import Sequence
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPOSITORY))

from domain.key_secrets import new_secret  # noqa: E402 - the project need not be installed

VARIABLES = ("INGEST_KEY", "READ_KEY", "ADMIN_KEY")


def missing(text: str) -> Sequence[str]:
    """The variables that have no value in the text of a .env."""
    return [name for name in VARIABLES if not _value(name, text)]


def add_keys(file: Path) -> Sequence[str]:
    """Give each variable that is missing a key; which these are. Raises `OSError`."""
    file = file.resolve()
    # What is there may be in another encoding, and goes back as it came.
    text = file.read_bytes().decode(errors="surrogateescape") if file.exists() else ""
    made = missing(text)
    if made:
        lines = "".join(f"{name}={new_secret(secrets.token_bytes)}\n" for name in made)
        _replace(file, text + ("" if text.endswith("\n") or not text else "\n") + lines)
    return made


def _value(name: str, text: str) -> str:
    found = re.findall(rf"^[ \t]*(?:export[ \t]+)?{name}[ \t]*=(.*)$", text, re.MULTILINE)
    # Of several the last one counts.
    return found[-1].partition(" #")[0].strip().strip("\"'") if found else ""


def _replace(file: Path, text: str) -> None:
    """Whole or not at all; a new one is its owner's alone."""
    part = file.with_name(f"{file.name}.part")
    part.unlink(missing_ok=True)
    with open(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as opened:
        opened.write(text.encode(errors="surrogateescape"))
        opened.flush()
        os.fsync(opened.fileno())
    if file.exists():
        part.chmod(file.stat().st_mode & 0o777)
    part.replace(file)


def main(arguments: Sequence[str]) -> int:
    """The exit code."""
    file = Path(arguments[0]) if arguments else REPOSITORY / ".env"
    try:
        made = add_keys(file)
    except OSError as error:
        print(f"{file}: {error.strerror}", file=sys.stderr)
        return 1
    print(f"{file}: made {', '.join(made)}" if made else f"{file}: all keys are there already")
    if file.stat().st_mode & 0o077:
        print(f"others on this machine may read it: chmod 600 {file}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
