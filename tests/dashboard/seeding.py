"""Views that look like those of a website, the same each time but for the hour they end with."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from math import cos, pi

from tests.dashboard.service import Views

PAGES: Mapping[str, int] = {
    "example.com/": 40,
    "example.com/pricing": 22,
    "example.com/docs/start": 17,
    "example.com/blog/counting-views": 13,
    "shop.example/": 12,
    "example.com/docs/install": 9,
    "shop.example/lanterns": 8,
    "example.com/blog/exactly-once": 6,
    "shop.example/basket": 5,
    "docs.example/api": 4,
    "shop.example/tents": 3,
    "example.com/about": 2,
}
"""Views of a page in its busiest hour."""

SOURCES = ("https://search.example/", "https://news.example/item", "https://social.example/", "")
_HOURS_A_DAY = 24
_BUSIEST_HOUR = 14
_WEEKEND = 5


def this_hour() -> datetime:
    """The hour that is not over."""
    return datetime.now(UTC).replace(minute=0, second=0, microsecond=0)


def moment(hours_ago: int) -> str:
    """The beginning of an hour, as views tell it; 0 is the one that is not over."""
    return (this_hour() - timedelta(hours=hours_ago)).strftime("%Y-%m-%dT%H:%M:%SZ")


def by_hour(counts: Sequence[int]) -> Mapping[str, int]:
    """Counts of the hours before, the last of them the one that is not over."""
    last = len(counts) - 1
    return {moment(last - at): count for at, count in enumerate(counts) if count}


def believable(days: int = 15, pages: Mapping[str, int] = PAGES) -> Views:
    """So many days of visits: more by day than by night, fewer at weekends, each page its own."""
    hours = days * _HOURS_A_DAY
    begin = this_hour() - timedelta(hours=hours - 1)
    return {
        page: by_hour([_count(begin + timedelta(hours=n), peak, at, n) for n in range(hours)])
        for at, (page, peak) in enumerate(pages.items())
    }


def just_now(minutes: int = 28) -> Views:
    """Views of the minutes before, some more in one than in another."""
    now = datetime.now(UTC).replace(second=17, microsecond=0)
    found: dict[str, dict[str, int]] = {}
    for ago in range(1, minutes):
        page = list(PAGES)[ago * ago % len(PAGES)]
        at = now - timedelta(minutes=ago)
        found.setdefault(page, {})[at.strftime("%Y-%m-%dT%H:%M:%SZ")] = 1 + ago * 7 % 5
    return found


def hits(number: int = 200, hours: int = 48) -> Sequence[Mapping[str, str]]:
    """Single views with where they came from, over the hours before."""
    pages = list(PAGES)
    return [
        {
            "path": f"https://{pages[n * n % len(pages)]}",
            "ref": SOURCES[n % 7 % len(SOURCES)],
            "created_at": moment(1 + n * 5 % hours),
        }
        for n in range(number)
    ]


def _count(hour: datetime, peak: int, page: int, number: int) -> int:
    day = 1 + cos((hour.hour - _BUSIEST_HOUR) * 2 * pi / _HOURS_A_DAY)
    weekend = 0.55 if hour.weekday() >= _WEEKEND else 1.0
    # Neighbouring hours and pages differ a little, by nothing that is drawn at random.
    uneven = 0.8 + (number * 7_919 + page * 104_729) % 97 / 240
    return round(peak * day / 2 * weekend * uneven)
