"""A key that is bound to sites asks every route for another one, by every parameter there is.

What it hears is what there would be to hear if nobody had ever viewed anything else.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.routes import PLACES
from dashboard.signing_in import SESSION, SIGN_IN, SIGN_OUT
from domain.key_ring import Key
from domain.key_secrets import digest_of, id_of, new_secret
from domain.key_texts import keys_text
from domain.keys import ANYBODY, Caller, Right
from domain.problems import KINDS
from read_api.awaited import AWAITED, POSITION, WAIT
from read_api.badges.routes import BADGE
from read_api.stats.asking import ENDPOINTS
from read_api.stats.export import NAMES
from read_api.stats.given import SELECTION
from tests.unit.web.test_bound_keys_live import OF_THE_LOG
from tests.unit.web.test_bound_keys_plausible import OF_ONE_SITE, REFUSED
from tests.unit.web.two_sites import (
    BOUND,
    MINE,
    OTHERS,
    PAGES,
    ROWS,
    SITES,
    SOURCES,
    THEIRS,
    THEIRS_FROM,
    Both,
    Whole,
    application,
    lasting,
)

PARAMETERS: Mapping[str, Sequence[str]] = {
    "page": PAGES,
    "prefix": [f"{MINE}/a", f"{OTHERS}/", "m", "mine.", "o", "/"],
    "site": SITES,
    "search": [MINE, "other", "OTHER.EXAMPLE/0", "e", "0"],
    "agent": ["person", "robot", "unknown", "all"],
    "period": ["24h", "today", "30d", "12mo", "all"],
    "from": ["2025-07-14T03:00Z", "1990-01-01"],
    "to": ["2025-07-15", "2025-07-16T12:00:00+05:30"],
    "unit": ["hour", "week"],
    "tz": ["Asia/Kolkata", "America/New_York"],
    "compare": ["previous", "year"],
    "order": ["views", "change", "page", "site", "source", "desc"],
    "source": ["", "search.example", "secret.example", "nowhere.example"],
    "limit": ["1", "1000"],
    "cursor": ["nobody-made-it"],
    "trend": ["7"],
    "count": ["none"],
    "format": ["json", "csv", "ndjson"],
    "now": ["2025-07-16T11:00:00Z", "2025-07-09T00:00:00Z"],
    "take": ["1", "24"],
    POSITION: ["nobody-gave-it"],
    WAIT: ["0"],
}
ASKED: Mapping[str, Sequence[str]] = {
    "/report": ("page", "now", "order", "take", "agent", *AWAITED),
    "/export/hourly": (*NAMES, "format", *AWAITED),
    **{f"/stats/{each.name}": (*each.names, "format", *AWAITED) for each in ENDPOINTS},
}
"""Routes that tell of views, with their parameters."""
TOLD_TO_ANYBODY = {
    "/health", "/ready", "/schema", "/schema/openapi.json", *(kind.reference for kind in KINDS)
}  # fmt: skip
TOLD_TO_OPERATORS = {"/metrics", "/stats/operations"}
NUMBERS_OF_NOBODY = {*PLACES, "/favicon.ico", SIGN_IN, SIGN_OUT, SESSION}
"""The dashboard's HTML and its files, which ask what everybody may ask."""
OF_SITES_THAT_ARE_NAMED = {BADGE}
"""Whoever asks. `BADGES` says of which, and tests of badges that it is of no other."""
OF_ALL_SITES = {"/stats/state"}
"""Has a test of its own below."""


def test_every_route_is_one_that_is_asked_here(both: Both) -> None:
    """One that tells of views belongs into `ASKED`, with its parameters in `PARAMETERS`."""
    known = {*ASKED, *OF_ONE_SITE, *TOLD_TO_ANYBODY, *TOLD_TO_OPERATORS, *OF_ALL_SITES, *REFUSED}
    known |= {*OF_THE_LOG, *NUMBERS_OF_NOBODY, *OF_SITES_THAT_ARE_NAMED}
    files = {path for path in both.everything.routes if path.startswith("/dashboard/")}
    assert {*both.everything.routes} - files == known
    rights = both.everything.rights
    assert {rights[path] for path in (*ASKED, *OF_ONE_SITE, *OF_ALL_SITES, *OF_THE_LOG)} == {
        Right.READ
    }
    assert {rights[path] for path in TOLD_TO_OPERATORS} == {Right.ADMIN}


@pytest.mark.parametrize("path", ASKED)
def test_another_site_is_asked_for_by_every_parameter(both: Both, path: str) -> None:
    answered = 0
    for name in ASKED[path]:
        for value in PARAMETERS[name]:
            others = [{}] if path == "/stats/bounds" else [{"period": "all"}]
            if path == "/report":
                others = [{"page": page} for page in PAGES]
            for other in others:
                answered += both.heard(path, {**other, name: value}).status == 200
    assert answered


@st.composite
def questions(draw: st.DrawFn) -> tuple[str, dict[str, str]]:
    """Few of them are refused."""
    path = draw(st.sampled_from([*ASKED]))
    which = draw(st.none() | st.sampled_from(SELECTION))
    names = [name for name in ASKED[path] if name not in (*SELECTION, *AWAITED, "cursor")]
    chosen = draw(st.sets(st.sampled_from(names), max_size=5))
    if which in ASKED[path]:
        chosen.add(str(which))
    if path == "/report":
        chosen.add("page")
    return path, {name: draw(st.sampled_from(PARAMETERS[name])) for name in sorted(chosen)}


@settings(max_examples=100)
@given(questions())
def test_and_by_any_of_them_together(both: Both, question: tuple[str, dict[str, str]]) -> None:
    both.heard(*question)


@pytest.mark.parametrize("path", ASKED)
def test_a_look_without_a_body_tells_no_more(both: Both, path: str) -> None:
    for page in PAGES:
        query = {"page": page} if "page" in ASKED[path] else {}
        found = both.run(both.everything.ask(BOUND, path, query, method="HEAD"))
        wanted = both.run(both.alone.ask(ANYBODY, path, query, method="HEAD"))
        assert (found.status, lasting(found)) == (wanted.status, lasting(wanted))


@pytest.mark.parametrize("caller", [ANYBODY, BOUND, BOUND._replace(sites=frozenset({OTHERS}))])
@pytest.mark.parametrize("path", ["/stats/pages", "/stats/sites"])
def test_a_place_in_a_list_is_of_who_was_told_it(both: Both, path: str, caller: Caller) -> None:
    query = {"period": "all", "limit": "1"}
    found = both.run(both.everything.ask(caller, path, query)).json
    if found["next"] is None:
        # One site alone has one row.
        assert caller.sites
        return
    on = {**query, "cursor": found["next"]}
    for other in (ANYBODY, BOUND, BOUND._replace(sites=frozenset()), BOUND._replace(key="new")):
        answer = both.run(both.everything.ask(other, path, on))
        if other.sites == caller.sites:
            assert answer.json["next"] != found["next"]
        else:
            assert answer.faults == ["cursor"]


def test_a_list_is_read_to_its_end_as_if_there_were_no_others(both: Both) -> None:
    async def pages(whole: Whole, caller: Caller, order: str) -> list[Any]:
        query = {"period": "all", "limit": "1", "order": order, "compare": "previous"}
        found = []
        while True:
            answer = (await whole.ask(caller, "/stats/pages", query)).json
            found.append((answer["pages"], answer["total"], answer["pages_total"]))
            if answer["next"] is None:
                return found
            query["cursor"] = answer["next"]

    for order in ("views", "change", "page"):
        found = both.run(pages(both.everything, BOUND, order))
        assert len(found) == 3
        assert found == both.run(pages(both.alone, ANYBODY, order))


@pytest.mark.parametrize("path", [path for path in ASKED if path.startswith("/stats/")])
def test_an_answer_that_is_held_is_of_who_was_given_it(both: Both, path: str) -> None:
    callers = [ANYBODY, BOUND, BOUND._replace(sites=frozenset({MINE})), BOUND._replace(key="new")]
    tags = [
        both.run(both.everything.ask(caller, path, {})).headers[b"etag"].decode()
        for caller in callers
    ]
    assert len({*tags}) == 3
    assert tags[1] == tags[3]
    for caller, tag in zip(callers, tags, strict=True):
        for other in callers:
            found = both.run(both.everything.ask(other, path, {}, held=tag))
            assert (found.status == 304) == (other.sites == caller.sites)


def test_another_process_gives_other_tags_to_who_knows_of_some_sites(
    both: Both, tmp_path: Path
) -> None:
    """What was folded of all is in them: who could make them would learn of it by trying."""

    async def tags(caller: Caller) -> list[bytes]:
        found = []
        for folder in ("one", "other"):
            async with application(tmp_path / caller.key / folder, THEIRS, THEIRS_FROM) as whole:
                found.append((await whole.ask(caller, "/stats/bounds", {})).headers[b"etag"])
        return found

    assert len({*both.run(tags(BOUND))}) == 2
    assert len({*both.run(tags(ANYBODY._replace(key="anybody")))}) == 1


def test_the_state_tells_how_complete_the_rows_are_and_nothing_of_others(both: Both) -> None:
    whole = both.run(both.everything.ask(ANYBODY, "/stats/state", {})).json
    assert whole["partitions"]
    administrator = BOUND._replace(rights=frozenset(Right))
    for caller in (BOUND, administrator):
        found = both.run(both.everything.ask(caller, "/stats/state", {})).json
        assert {*whole} - {*found} == {"dead_letters", "refused"}
        assert not any("stands_still" in each for each in found["partitions"])
        assert found["complete_until"] == whole["complete_until"] == "2025-07-16T12:34:55.000Z"


def test_it_is_the_key_that_says_of_which_sites(both: Both, tmp_path: Path) -> None:
    secrets = [new_secret(bytes([byte]).__mul__) for byte in range(3)]
    callers = [ANYBODY.sites, BOUND.sites, frozenset({OTHERS})]
    file = tmp_path / "keys"
    file.write_text(
        keys_text(
            Key(id_of(secret), frozenset({Right.READ}), digest_of(secret), sites=sites)
            for secret, sites in zip(secrets, callers, strict=True)
        )
    )
    file.chmod(0o600)

    async def ask() -> None:
        async with application(tmp_path, ROWS, SOURCES, file) as locked:
            for secret, sites in zip(secrets, callers, strict=True):
                assert (await locked.ask_the_door(secret, "/metrics", {})).status == 403
                for path in ASKED:
                    query = {"page": f"{OTHERS}/0"} if path == "/report" else {}
                    found = await locked.ask_the_door(secret, path, query)
                    caller = BOUND._replace(sites=sites)
                    wanted = await both.everything.ask(caller, path, query)
                    assert (found.status, found.body) == (200, wanted.body)
            assert (await locked.ask_the_door("", "/stats/bounds", {})).status == 401

    both.run(ask())


@pytest.mark.parametrize("path", ASKED)
def test_whoever_is_bound_to_nothing_hears_of_all(both: Both, path: str) -> None:
    """Or nothing above could fail."""
    query = {"page": f"{OTHERS}/0"} if path == "/report" else {"period": "all"}
    if path == "/stats/bounds":
        query = {}
    found = both.run(both.everything.ask(ANYBODY, path, query))
    assert found.status == 200
    assert found.body != both.run(both.alone.ask(ANYBODY, path, query)).body
