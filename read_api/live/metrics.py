"""Who looks live, for a monitoring system."""

from collections.abc import Iterator

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from read_api.live.follower import Follower


class LiveMetrics(Collector):
    """Of this process."""

    def __init__(self, follower: Follower) -> None:
        self._follower = follower

    def collect(self) -> Iterator[Metric]:
        following = self._follower.following
        yield GaugeMetricFamily(
            "footfall_live_clients",
            "Streams of live views that are open in this process.",
            value=self._follower.lookers,
        )
        yield GaugeMetricFamily(
            "footfall_live_following",
            "1 while this process follows the log for those who look live.",
            value=following is not None,
        )
        yield GaugeMetricFamily(
            "footfall_live_bytes",
            "What it keeps of the last half hour for that, about.",
            value=following.counts.bytes if following else 0,
        )
