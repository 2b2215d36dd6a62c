"""Settings to what follows the log's end."""

from functools import partial

from cli.wiring.agents import agent_classes
from domain.backoff import Backoff
from domain.events import Partition
from domain.page_rules import PageRules
from domain.ports.common import Clock
from domain.ports.live import Naming
from domain.settings import Settings
from log.opening import open_log
from read_api.live.follower import Follower
from read_api.live.following import Surroundings
from rows.opening import Rows

_BACKOFF = Backoff(0.25, 5.0)


def follower_of(settings: Settings, rows: Rows, clock: Clock, role: str) -> Follower:
    """Nothing is opened before somebody looks; the broker is told which `role` does."""
    open_reader = partial(open_log(settings).reader, role)
    around = Surroundings(open_reader, rows.facts.naming, agent_classes(), clock, _BACKOFF)
    # Until the rows say what is true; where they do not answer it is likely.
    partitions = [*map(Partition, range(settings.num_partitions))]
    return Follower(around, Naming(PageRules(settings.page_rules), partitions))
