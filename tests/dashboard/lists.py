"""A list of the dashboard, as people read it, and what it should say by an answer of the API."""

import csv
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from tests.dashboard.looking import Look

PAGES = "section[aria-labelledby=h-top-pages]"
ALL = "section[aria-labelledby=h-all-pages]"
SOURCES = "section[aria-labelledby=h-sources]"
MOVERS = "section[aria-labelledby=h-movers]"
SITES = "section[aria-labelledby=h-sites]"
_SPACE = "\N{NARROW NO-BREAK SPACE}"
_MINUS = "\N{MINUS SIGN}"
_FEW = 30
_TENFOLD = 10
_HUNDRED = 100
_READ = """table => [...table.querySelectorAll('tbody tr')].map(row => {
    const text = name => row.querySelector(`.c-${name}`)?.textContent ?? ''
    const [name, change] = ['.name', '.c-change > span'].map(each => row.querySelector(each))
    return [name.textContent, text('views'), text('share'), change?.textContent ?? text('change'),
        name.getAttribute('href'), row.hasAttribute('aria-current')]
})"""


class Row(NamedTuple):
    name: str
    views: str
    share: str
    change: str


async def rows(look: Look, panel: str) -> Sequence[Row]:
    """Of the first list of a panel."""
    return [Row(*each[:4]) for each in await _read(look, panel)]


async def names(look: Look, panel: str) -> Sequence[str]:
    return [row.name for row in await rows(look, panel)]


async def chosen(look: Look, panel: str) -> Sequence[str]:
    """The names that are marked as those the page is of."""
    return [each[0] for each in await _read(look, panel) if each[5]]


async def said(look: Look, selector: str) -> Sequence[str]:
    """The texts that are seen there now, if there are any."""
    found = await look.page.locator(f"{selector}:visible").all_inner_texts()
    return [text.strip() for text in found]


async def downloaded(look: Look, selector: str) -> Sequence[Mapping[str, str]]:
    """The rows of the table that is handed over where this is pressed."""
    async with look.page.expect_download() as begun:
        await look.page.locator(selector).click()
    with open(await (await begun.value).path(), newline="") as file:  # noqa: ASYNC230
        return list(csv.DictReader(file))


async def press(look: Look, panel: str, name: str) -> None:
    """The row of that name, and wait for what comes of it."""
    await look.page.locator(f"{panel} a.name", has_text=name).first.click()
    await look.settled()


def expected(answer: Mapping[str, Any], member: str) -> Sequence[Row]:
    """The rows of an answer that was asked for with `compare`."""
    compare = answer["compare"]
    known = compare["hours"] * 2 >= compare["of_hours"] > 0
    return [
        Row(
            "(no source given)" if row.get("direct") else row[member],
            f"{row['views']:,}",
            share(row["views"], answer["total"]),
            change(row) if known else "–",
        )
        for row in answer[f"{member}s"]
    ]


def share(part: int, of: int) -> str:
    """One decimal; never rounded to nothing or to all."""
    percent = part / of * 100
    if part == of:
        return f"100{_SPACE}%"
    if percent < 0.1:
        return f"<{_SPACE}0.1{_SPACE}%"
    return f"{percent:.1f}{_SPACE}%"


def change(row: Mapping[str, Any]) -> str:
    """Of whole hours, as `change` and `before` of a row say it."""
    before: int = row["before"]
    if not before:
        return "▲new"
    difference = round(before * row["change"])
    if not difference:
        return "±0"
    mark = "▲+" if difference > 0 else f"▼{_MINUS}"
    if before < _FEW:
        return f"{mark}{abs(difference):,}"
    times = 1 + row["change"]
    if times >= _TENFOLD:
        return f"▲×{_SPACE}{round(times):,}"
    percent = abs(difference) / before * 100
    if percent < 0.1:
        return f"{mark[0]}<{_SPACE}0.1{_SPACE}%"
    return f"{mark}{percent:.{0 if percent >= _HUNDRED else 1}f}{_SPACE}%"


async def _read(look: Look, panel: str) -> Any:
    return await look.page.locator(f"{panel} table.rank").first.evaluate(_READ)
