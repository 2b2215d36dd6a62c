"""GET /metrics, in the text format of Prometheus."""

from collections.abc import Iterator

from litestar.handlers import ASGIRouteHandler
from litestar.types import Receive, Scope
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from domain.keys import Right
from web.access import Access
from web.app import route
from web.problems import Answer
from web.refused import Refusals

PATH = "/metrics"
OPERATORS = Access(Right.ADMIN)
MEDIA_TYPE = b"text/plain; version=0.0.4; charset=utf-8"


class Refused(Collector):
    """What this process has refused."""

    def __init__(self, refusals: Refusals) -> None:
        self._refusals = refusals

    def collect(self) -> Iterator[Metric]:
        found = CounterMetricFamily(
            "footfall_refused",
            "Requests to append, and views in others, that this process did not take, by reason.",
            labels=["reason"],
        )
        for reason, times in self._refusals.by_reason.items():
            found.add_metric([reason], times)
        yield found


def exposed(*collectors: Collector) -> bytes:
    """What they say."""
    registry = CollectorRegistry()
    for collector in collectors:
        registry.register(collector)
    return generate_latest(registry)


def refusals_route(refusals: Refusals) -> ASGIRouteHandler:
    """GET /metrics of a role that knows nothing else."""

    async def metrics(_: Scope, __: Receive) -> Answer:
        return Answer(200, exposed(Refused(refusals)), MEDIA_TYPE)

    return route(PATH, "GET", metrics, access=OPERATORS)
