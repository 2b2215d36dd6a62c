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
        shutil.rmtree(self.folder / "data")
        self._copy(primary)

    def _copy(self, primary: PrivatePostgres) -> None:
        copy = self.folder / "data"
        copy.mkdir(mode=0o700)
        if as_postgres():
            shutil.chown(copy, "postgres", "postgres")
        source = f"host=127.0.0.1 port={primary.port} user=postgres application_name={self.name}"
        # fmt: off
        command = [
            f"{primary.binaries()}/pg_basebackup", "--dbname", source, "-D", str(copy),
            "--write-recovery-conf", "--checkpoint=fast",
        ]
        # fmt: on
        subprocess.run([*as_postgres(), *command], check=True, capture_output=True, cwd="/")
