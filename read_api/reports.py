"""Report questions and answers, pure."""

from collections.abc import Mapping

from msgspec import Struct

from domain.agents.classes import Agent
from domain.errors import Problem, RequestRefused
from domain.events import Hour
from domain.hours import REPORT_HOURS, as_iso, parse_instant, report_window
from domain.pages import page_fault
from domain.reports import HourlyViews
from read_api.awaited import AWAITED, Awaited, take_awaited
from read_api.queries import agent_of, moment_text, parameters

_NAMES = ("page", "now", "order", "take", "agent", *AWAITED)


class Question(Struct, frozen=True):
    """What GET /report was asked: the hours, oldest first, and how to list them.

    Only views that `agent` made count, None: all.
    """

    page: str
    hours: range
    newest_first: bool
    take: int
    agent: Agent | None = None
    awaited: Awaited | None = None


class HourViews(Struct):
    """Views `v` in the hour of day `h` (UTC)."""

    h: int
    v: int


def parse_question(query: bytes, now_ms: int) -> Question:
    """The question in a query string. Raises `RequestRefused` with every fault."""
    given, problems = parameters(query, _NAMES)
    awaited = take_awaited(given, problems)
    page = given.get("page", "")
    if fault := page_fault(page):
        problems.append(Problem("page", fault))
    asked_ms = _moment(given.get("now"), now_ms, problems)
    order = given.get("order", "asc")
    if order not in ("asc", "desc"):
        problems.append(Problem("order", "order is neither asc nor desc: send one of them"))
    take = given.get("take", str(REPORT_HOURS))
    if not (take.isascii() and take.isdigit() and len(take) < 3 and 1 <= int(take) <= REPORT_HOURS):
        detail = f"take is not a whole number from 1 to {REPORT_HOURS}"
        problems.append(Problem("take", detail))
    agent = agent_of(given, problems)
    if problems:
        raise RequestRefused(problems)
    asked = report_window(asked_ms)
    return Question(page, asked, order == "desc", int(take), agent, awaited)


def fill(question: Question, views: Mapping[Hour, int]) -> list[HourViews]:
    """Every hour of the question, 0 where nothing was seen."""
    hours = reversed(question.hours) if question.newest_first else question.hours
    rows = [HourViews(hour % 24, views.get(Hour(hour), 0)) for hour in hours]
    return rows[: question.take]


def horizon_header(question: Question, views: HourlyViews) -> list[tuple[bytes, bytes]]:
    """The oldest hour kept, where the question asks for one that is not."""
    if question.hours.start >= views.horizon:
        return []
    return [(b"footfall-horizon", as_iso(views.horizon).encode())]


def _moment(text: str | None, now_ms: int, problems: list[Problem]) -> int:
    if text is None:
        return now_ms
    try:
        return parse_instant(moment_text(text))
    except ValueError:
        detail = "now cannot be read: send an ISO 8601 timestamp such as 2025-07-16T10:00:00Z"
        problems.append(Problem("now", detail))
        return now_ms
