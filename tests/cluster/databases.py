"""A PostgreSQL primary and the standby that follows it, with room for many roles."""

from tests import dba
from tests.cluster.standby import PrivateStandby
from tests.servers import PrivatePostgres

DATABASE = "footfall"
STANDBY = "standby"
# A projector and a worker of the read API open up to 19 each.
_CONNECTIONS = 400


class Primary(PrivatePostgres):
    """Takes what is written."""

    def command(self) -> tuple[list[str], dict[str, str]]:
        return _roomy(super().command())


class Standby(PrivateStandby):
    """Follows a primary; it has to have as much room."""

    def command(self) -> tuple[list[str], dict[str, str]]:
        return _roomy(super().command())


def _roomy(started: tuple[list[str], dict[str, str]]) -> tuple[list[str], dict[str, str]]:
    command, environment = started
    return [*command, "-c", f"max_connections={_CONNECTIONS}"], environment


def url(*servers: PrivatePostgres) -> str:
    """Of Footfall's database, as DATABASE_URL takes it: on the first of them that does."""
    hosts = ",".join(f"127.0.0.1:{server.port}" for server in servers)
    return f"postgresql://postgres@{hosts}/{DATABASE}"


async def wait_for_standby(primary: Primary, standby: Standby) -> None:
    """Commits wait for it from here on, which is over at once when it is there."""
    await dba.execute(
        primary.url,
        f"ALTER SYSTEM SET synchronous_standby_names = '{standby.name}'",
        "SELECT pg_reload_conf()",
    )
