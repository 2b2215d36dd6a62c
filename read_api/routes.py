"""GET handlers: ask, read, fill, answer."""

from collections.abc import Sequence

from litestar.handlers import ASGIRouteHandler
from litestar.types import Receive, Scope

from domain.events import Hour
from domain.keys import Right
from domain.ports.common import Clock
from domain.ports.reports import ReportReader
from read_api.reports import fill, horizon_header, parse_question
from read_api.waiting import Waiting
from read_api.watermark import watermark_headers
from web.access import Access, caller_of
from web.app import route
from web.problems import Answer, answer


def routes(reader: ReportReader, clock: Clock, waiting: Waiting) -> Sequence[ASGIRouteHandler]:
    """The handlers of the read API."""

    async def report(scope: Scope, receive: Receive) -> Answer:
        question = parse_question(scope["query_string"], clock())
        await waiting.until_folded(question.awaited, receive)
        hours = question.hours
        edges = Hour(hours.start), Hour(hours.stop)
        sites = caller_of(scope).sites
        views = await reader.hourly(question.page, *edges, question.agent, sites)
        headers = [*watermark_headers(views.watermark), *horizon_header(question, views)]
        return answer({"data": fill(question, views)}, headers=headers)

    return [route("/report", "GET", report, access=Access(Right.READ))]
