"""The answer, member by member. Names are fixed; further members may come."""

from collections.abc import Sequence

from msgspec import Struct


class LiveQuestion(Struct, kw_only=True):
    """The question as it was understood: which pages, and whose views."""

    selection: dict[str, str]
    agent: str


class LatestRow(Struct, kw_only=True):
    """Views of a page in the second that begins `at`."""

    at: str
    page: str
    views: int


class Live(Struct, kw_only=True):
    """GET /stats/live, and the event `live` of GET /stats/live/events.

    `minutes` are views by minute, oldest first, the last of them the one under way; None where that
    is not known: before `since`, and all of them in state `unknown`, where `views` is None too.
    `state` is one of `read_api.live.state.State`; of one that stands still `stands_still_since`
    says since when. `notes` are sentences for people.
    """

    question: LiveQuestion
    since: str
    until: str
    minutes: Sequence[int | None]
    views: int | None
    latest: list[LatestRow]
    state: str
    stands_still_since: str | None
    notes: list[str]
