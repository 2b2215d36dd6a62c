"""How long the broker keeps its streams, against RETENTION_DAYS: what footfall check says of it."""

import json
import re
import shlex
from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING

from cli.output.segments import SEGMENT_KEY, mendable, named, segment_lines
from domain.retention import SEGMENT_BYTES, stream_max_age
from domain.settings import Settings
from log.opening import Log

if TYPE_CHECKING:
    from log.rabbitmq.bounds import StreamBound

_POLICY = "footfall-retention"
# No policy takes an age away that a stream was declared with; one that is long enough does.
_FOR_EVER = "1000Y"
_DAYS = {"Y": 365.0, "M": 30.0, "D": 1.0, "h": 1 / 24, "m": 1 / 1_440, "s": 1 / 86_400}
_ENDLESS_DAYS = 100 * 365


async def bound_lines(settings: Settings, log: Log) -> Sequence[str]:
    """OK, NOTE and WARN lines, none where no broker keeps the log. Raises `LogUnavailable`."""
    found = await log.bounds()
    return [] if found is None else list(lines(settings, found.virtual_host, found.streams))


def lines(settings: Settings, host: str, bounds: "Sequence[StreamBound]") -> Iterator[str]:
    """What there is to say, for each kind of difference once."""
    wanted = stream_max_age(settings.retention_days)
    remedy = partial(_remedy, settings, host, wanted, bounds)
    kinds: dict[tuple[str | None, int | None, str | None], list[str]] = {}
    for found in bounds:
        kind = (found.max_age, found.max_bytes, found.policy)
        kinds.setdefault(kind, []).append(found.stream)
    right = True
    for (age, size, policy), streams in kinds.items():
        if _days(age) != _days(wanted):
            right = False
            yield (
                f"WARN  log, retention ({named(streams)}): kept {age or 'for ever'}, "
                f"RETENTION_DAYS={settings.retention_days} means {wanted or 'for ever'}: "
                + remedy(policy)
            )
        if size is not None:
            right = False
            yield (
                f"WARN  log, retention ({named(streams)}): bounded to {size:,} bytes, so that "
                f"views can be deleted before they are folded: {_size_remedy(policy)}"
            )
    if right:
        yield f"OK    log, retention (RabbitMQ keeps streams {wanted or 'for ever'})"
    yield from segment_lines(bounds, remedy)
    if unseen := bounds[0].policy_unseen:
        yield (
            f"NOTE  log, retention: a policy cannot be seen, {unseen}: "
            "set RABBITMQ_MANAGEMENT_URL, or rabbitmqctl list_policies"
        )


def _remedy(
    settings: Settings,
    host: str,
    wanted: str | None,
    bounds: "Sequence[StreamBound]",
    policy: str | None,
) -> str:
    """What makes all right at once for the streams under a policy: only one counts for each."""
    ours, vhost = policy in (None, _POLICY), shlex.quote(host)
    under = [b for b in bounds if b.policy == policy or (ours and b.policy in (None, _POLICY))]
    had = {key: value for bound in under for key, value in bound.definition.items()}
    definition = dict(had)
    if any(_days(bound.max_age) != _days(wanted) for bound in under):
        definition["max-age"] = wanted or _FOR_EVER
    if any(map(mendable, under)):
        definition[SEGMENT_KEY] = SEGMENT_BYTES
    if not ours:
        # Ours must not push out what else that one says.
        new = [f"{key} {value}" for key, value in definition.items() if had.get(key) != value]
        return f"give the policy {policy}, which counts for them, {', '.join(new)}"
    if policy and definition == {"max-age": _FOR_EVER}:
        return f"rabbitmqctl clear_policy --vhost {vhost} {policy}"
    pattern = shlex.quote(f"^{re.escape(settings.stream_prefix)}\\.")
    written = shlex.quote(json.dumps(definition, separators=(",", ":")))
    return f"rabbitmqctl set_policy --vhost {vhost} {_POLICY} {pattern} {written} --apply-to queues"


def _size_remedy(policy: str | None) -> str:
    if policy:
        return f"take max-length-bytes out of the policy {policy}, or make it larger than the disk"
    return "set a policy with a max-length-bytes that is larger than the disk"


def _days(age: str | None) -> float | None:
    """Days of `402D`, `9648h` and such; None for ever."""
    found = re.fullmatch(r"(\d+)([YMDhms])", age or "")
    days = None if found is None else int(found[1]) * _DAYS[found[2]]
    return None if days is None or days >= _ENDLESS_DAYS else days
