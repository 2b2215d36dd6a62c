"""A PostgreSQL that follows another one."""

import shutil
import subprocess
from pathlib import Path

from tests.servers import PrivatePostgres, as_postgres


class PrivateStandby(PrivatePostgres):
    """A copy of `primary` that follows it from its first start on, named `name` there.

    Named in the primary's `synchronous_standby_names` it is a synchronous one.
    """

    def __init__(
        self, primary: PrivatePostgres, folder: Path | None = None, name: str = "standby"
    ) -> None:
        super().__init__(folder)
        self.name = name
        self._copy(primary)

    def follow(self, primary: PrivatePostgres) -> None:
        """Throw away what it holds and follow `primary`: stopped before, to be started after."""
        follow(self, primary, self.name)

    def _copy(self, primary: PrivatePostgres) -> None:
        _copy(self.folder / "data", primary, self.name)


def follow(server: PrivatePostgres, primary: PrivatePostgres, name: str = "standby") -> None:
    """What `server` holds, a former primary's too, is thrown away: once started it follows."""
    shutil.rmtree(server.folder / "data")
    _copy(server.folder / "data", primary, name)


def _copy(copy: Path, primary: PrivatePostgres, name: str) -> None:
    copy.mkdir(mode=0o700)
    if as_postgres():
        shutil.chown(copy, "postgres", "postgres")
    source = f"host=127.0.0.1 port={primary.port} user=postgres application_name={name}"
    # fmt: off
    command = [
        f"{primary.binaries()}/pg_basebackup", "--dbname", source, "-D", str(copy),
        "--write-recovery-conf", "--checkpoint=fast",
    ]
    # fmt: on
    subprocess.run([*as_postgres(), *command], check=True, capture_output=True, cwd="/")
