"""Any rows, and any question about them."""

from hypothesis import strategies as st
from msgspec.structs import replace

from domain.agents.classes import Agent, slot_of
from domain.events import MAX_AT_MS, MAX_VIEWS, MIN_AT_MS, Hour
from domain.hours import hour_of
from domain.pages import fault_of
from domain.retention import NOTHING_PAST
from domain.stats.ranking import By, Listing, Order
from domain.stats.selection import Kind, Selection, site_of
from domain.stats.units import Range

FIRST, LAST = hour_of(MIN_AT_MS), hour_of(MAX_AT_MS)
# Around the ends of months, years and all time; few months, each of which is a table.
HOURS = st.sampled_from(
    [FIRST, FIRST + 1, -700_000, -25, -1, 0, 1, 482_111, 482_112, LAST - 1, LAST]
) | st.integers(486_000, 486_060)
EDGES = HOURS | st.just(LAST + 1)
LETTERS = st.sampled_from("ab/AB%_\\.0! '\"é\ud7ff\ue000\uffff\U0001f600\U0010ffff")
ANY_TEXT = st.text(LETTERS, max_size=5)
PAGES = (
    st.sampled_from(
        ["a", "a/", "a/b", "a.b/c", "a0", "/", "/x", "//", "A/b", "a/\U0010ffff", "\U0010ffff"]
    )
    | ANY_TEXT
).filter(lambda page: fault_of(page) is None)
SLOTS = st.builds(slot_of, st.integers(0, 2), st.just(Agent.UNKNOWN) | st.sampled_from(Agent))
ROWS = st.dictionaries(
    st.tuples(PAGES, HOURS, SLOTS),
    st.integers(1, 9) | st.just(MAX_VIEWS),
    max_size=25,
)
# Of the second kind no page is.
TEXTS = PAGES | ANY_TEXT | st.sampled_from(["\x00", "a\x00", "\ud800", "a\udfff", "a/b/"])
AGENTS = st.none() | st.none() | st.sampled_from(Agent)
_NONE = st.none()
SELECTIONS = st.one_of(
    [
        st.builds(Selection, st.just(kind), values, AGENTS, _NONE, _NONE)
        for kind, values in (
            (Kind.ALL, st.just("")),
            (Kind.SITE, PAGES.map(site_of) | TEXTS),
            (Kind.PREFIX, TEXTS | PAGES.map(lambda page: page[:2])),
            (Kind.PAGE, TEXTS),
        )
    ]
)
SITES = st.sets(PAGES.map(site_of) | TEXTS, max_size=4).map(frozenset)
"""The only ones that a caller may know of."""
RANGES = st.builds(
    lambda one, other: Range(Hour(min(one, other)), Hour(max(one, other))), EDGES, EDGES
) | st.builds(Range, EDGES, EDGES)
EDGE_LISTS = st.lists(EDGES, min_size=2, max_size=9).map(sorted)
HORIZONS = st.just(NOTHING_PAST) | st.just(NOTHING_PAST) | HOURS
LISTINGS = st.builds(
    Listing,
    by=st.sampled_from([By.PAGE, By.SITE]),
    asked=RANGES,
    selection=SELECTIONS,
    before=st.none() | RANGES,
    order=st.sampled_from(Order),
    search=st.just("") | st.just("") | TEXTS,
    limit=st.integers(1, 4),
    trend=st.just(()) | EDGE_LISTS,
)

NAMES = PAGES.map(site_of)
VALUES = st.sampled_from(["", "other", "google.com", "A.b", "a.B"]) | PAGES
SOURCES = st.dictionaries(
    st.tuples(NAMES, HOURS, VALUES, st.integers(0, 2), st.sampled_from(Agent)),
    st.integers(1, 9) | st.just(MAX_VIEWS),
    max_size=25,
)
"""Views by site, hour, source, partition and class."""
_BOUND = _NONE | _NONE | SITES
OF_SITES = st.one_of(
    [
        st.builds(Selection, st.just(kind), values, AGENTS, _BOUND, _NONE)
        for kind, values in ((Kind.ALL, st.just("")), (Kind.SITE, NAMES | TEXTS))
    ]
)
OF_SOURCES = st.builds(
    lambda selection, source: selection._replace(source=source), OF_SITES, VALUES | TEXTS
)
SOURCE_LISTINGS = st.builds(
    lambda listing, by, selection, one: replace(
        listing, by=by, selection=one if by is By.SITE else selection
    ),
    LISTINGS,
    st.sampled_from([By.SOURCE, By.SOURCE, By.SITE]),
    OF_SITES | OF_SOURCES,
    OF_SOURCES,
)
