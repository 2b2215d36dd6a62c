"""What a monitoring system reads: how far the fold is, and whether the last audits agreed."""

from collections.abc import Awaitable, Callable, Iterator

from litestar.handlers import ASGIRouteHandler
from litestar.types import Receive, Scope
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from domain.events import MIN_AT_MS
from domain.hours import HOUR_MS
from domain.reports import Facts
from web.app import route
from web.metrics import MEDIA_TYPE, OPERATORS, PATH, Refused, exposed
from web.problems import Answer
from web.refused import Refusals


def metrics_route(
    read: Callable[[], Awaitable[Facts]],
    refusals: Refusals | None = None,
    live: Collector | None = None,
) -> ASGIRouteHandler:
    """GET /metrics, with what was refused where ingest is in this process, and who looks live."""
    beside = [*([Refused(refusals)] if refusals else []), *([live] if live else [])]

    async def metrics(_: Scope, __: Receive) -> Answer:
        return Answer(200, exposed(_Facts(await read()), *beside), MEDIA_TYPE)

    return route(PATH, "GET", metrics, access=OPERATORS)


def exposition(facts: Facts) -> bytes:
    """The facts in the text format of Prometheus."""
    return exposed(_Facts(facts))


class _Facts(Collector):
    def __init__(self, facts: Facts) -> None:
        self._facts = facts

    def collect(self) -> Iterator[Metric]:
        facts = self._facts
        yield _gauge("footfall_live_generation", "The generation reports read.", facts.generation)
        if facts.horizon_hour * HOUR_MS > MIN_AT_MS:
            yield _gauge(
                "footfall_horizon_timestamp_seconds",
                "The oldest hour that is kept.",
                facts.horizon_hour * HOUR_MS / 1_000,
            )
        yield _gauge(
            "footfall_clock_ahead_seconds",
            "How far the clocks jumped ahead; nothing is dropped for that. 0 is right.",
            facts.clock_ahead_ms / 1_000,
        )
        yield _gauge(
            "footfall_dead_letters",
            "Log messages of the live generation that could not be counted, and were set aside.",
            facts.dead_letters,
        )
        yield from self._set_aside()
        yield from self._folded()
        yield from self._claimed()
        yield from self._too_many()
        yield from self._troubled()
        yield from self._audited()

    def _set_aside(self) -> Iterator[Metric]:
        letters = self._facts.letters
        yield _gauge("footfall_dead_letter_bytes", "Bytes they have in the log.", letters.size)
        yield _gauge(
            "footfall_dead_letters_by_clock",
            "Those recorded too far after the present: a clock is wrong. 0 is right.",
            letters.by_clock,
        )
        yield _gauge(
            "footfall_dead_letters_left_out",
            "Those of which nothing is kept but their number.",
            letters.left_out,
        )

    def _folded(self) -> Iterator[Metric]:
        events = CounterMetricFamily(
            "footfall_folded_events", "Events folded into the live generation.", labels=_PARTITION
        )
        views = CounterMetricFamily("footfall_folded_views", "Views in them.", labels=_PARTITION)
        recorded = GaugeMetricFamily(
            "footfall_folded_recorded_timestamp_seconds",
            "When the last folded batch was recorded.",
            labels=_PARTITION,
        )
        complete = GaugeMetricFamily(
            "footfall_complete_until_timestamp_seconds",
            "Before this moment everything that was confirmed is folded; 0: not known.",
            labels=_PARTITION,
        )
        for found in self._facts.checkpoints:
            label = [str(found.partition)]
            events.add_metric(label, found.events)
            views.add_metric(label, found.views)
            recorded.add_metric(label, found.recorded_ms / 1_000)
            complete.add_metric(label, found.complete_ms / 1_000)
        yield from (events, views, recorded, complete)

    def _claimed(self) -> Iterator[Metric]:
        for name, text, member in _CLAIMS:
            found = CounterMetricFamily(name, text, labels=_PARTITION)
            for checkpoint in self._facts.checkpoints:
                found.add_metric([str(checkpoint.partition)], getattr(checkpoint, member))
            yield found

    def _too_many(self) -> Iterator[Metric]:
        """Only where there are any: what is off by default is no matter for everybody."""
        for name, text, views in (
            (
                "footfall_other_page_views",
                "Views from browsers that count for a page (other): too many of the site were new.",
                self._facts.other_pages,
            ),
            (
                "footfall_other_source_views",
                "Views whose source counts as other: their site had too many in that hour.",
                self._facts.other_values,
            ),
        ):
            if views:
                yield CounterMetricFamily(name, text, value=views)

    def _troubled(self) -> Iterator[Metric]:
        stopped = GaugeMetricFamily(
            "footfall_partition_stopped",
            "1 where the partition is not folded until somebody has done something.",
            labels=_PARTITION,
        )
        waiting = GaugeMetricFamily(
            "footfall_partition_waiting",
            "1 where the partition is not folded until the log or the database answers.",
            labels=_PARTITION,
        )
        troubles = self._facts.troubles
        for partition in sorted({*troubles, *(c.partition for c in self._facts.checkpoints)}):
            trouble = troubles.get(partition)
            label = [str(partition)]
            stopped.add_metric(label, trouble is not None and trouble.stopped)
            waiting.add_metric(label, trouble is not None and not trouble.stopped)
        yield from (stopped, waiting)

    def _audited(self) -> Iterator[Metric]:
        difference = GaugeMetricFamily(
            "footfall_audit_difference",
            "What the last audit found: views (totals, dimensions), pages and hours (log), sums "
            "(aggregates); 0 is right.",
            labels=_AUDIT,
        )
        checked = GaugeMetricFamily(
            "footfall_audit_timestamp_seconds", "When that audit was.", labels=_AUDIT
        )
        for found in self._facts.audits:
            label = [str(found.generation), found.kind]
            difference.add_metric(label, found.difference)
            checked.add_metric(label, found.checked_ms / 1_000)
        yield from (difference, checked)


_PARTITION = ["partition"]
_CLAIMS = (
    (
        "footfall_duplicate_batches",
        "Batches that were appended again, byte by byte, and counted once.",
        "duplicates",
    ),
    (
        "footfall_forked_batches",
        "Batches that count though their producer had been further: late, or of a copy of it.",
        "forks",
    ),
    (
        "footfall_sequence_jumps",
        "Batches further ahead of the one before than can have been given up.",
        "jumps",
    ),
)
_AUDIT = ["generation", "kind"]


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(name, text, value=value)
