"""Statistics of real processes: the same numbers over HTTP, on the command line and exported."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from domain.settings import Settings
from tests.acceptance.processes import Role, footfall, until
from tests.conftest import embedded

pytestmark = pytest.mark.acceptance

VIEWS = {
    "example.com/a": {"2025-07-16T10:20:00Z": 5, "2025-07-15T23:00:00Z": 2},
    "example.com/b,\"c\"": {"2025-07-16T10:00:00Z": 3},
    "=1+1": {"2025-07-16T11:00:00Z": 1_000_000_000},
    "'=1+1": {"2025-07-16T11:00:00Z": 4},
    "caf\u00e9\ufeff/\u202e": {"2025-07-16T12:00:00Z": 6},
}  # fmt: skip
TOTAL = 1_000_000_020
RANGE = {"from": "2025-07-15", "to": "2025-07-17"}


async def test_a_question_has_one_answer_wherever_it_is_asked(
    backend: Settings, tmp_path: Path
) -> None:
    async with Role(backend, "up") as up:
        await up.serving()
        async with httpx.AsyncClient(base_url=up.url) as client:

            async def ask(path: str, **query: str) -> Any:
                response = await client.get(path, params=query)
                assert response.status_code == 200, response.text
                return response.json()

            async def total() -> int:
                found: int = (await ask("/stats/views", **RANGE))["total"]
                return found

            async def counted(expected: int) -> None:
                async def is_there() -> bool:
                    return await total() == expected

                await until(is_there, f"{expected} views being counted")

            assert (await client.post("/page-views/multi", json=VIEWS)).status_code == 202
            await counted(TOTAL)
            # The same page again: its sum is more than one line of an import may have.
            more = {"=1+1": {"2025-07-16T11:30:00Z": 1_000_000_000}}
            assert (await client.post("/page-views/multi", json=more)).status_code == 202
            await counted(TOTAL + 10**9)

            pages = await ask("/stats/pages", **RANGE, limit="2", trend="2")
            assert [row["page"] for row in pages["pages"]] == ["=1+1", "example.com/a"]
            assert pages["pages"][1]["trend"] == [2, 5]
            rest = await ask("/stats/pages", **RANGE, cursor=pages["next"])
            assert len(rest["pages"]) == 3
            sites = await ask("/stats/sites", **RANGE)
            assert sites["sites_total"] == 4
            week = await ask("/stats/hours-of-week", **RANGE, tz="Asia/Tokyo")
            assert {(c["weekday"], c["hour"]) for c in week["cells"] if c["views"]} == {
                (3, 8), (3, 19), (3, 20), (3, 21),
            }  # fmt: skip
            assert (await ask("/stats/bounds"))["pages"] == len(VIEWS)

            async def is_complete() -> bool:
                return bool((await ask("/stats/state"))["complete_until"])

            # What is not known to be counted is not compared.
            await until(is_complete, "how complete it is being known", 60)
            movers = await ask("/stats/movers", **RANGE)
            assert movers["risers"][0]["views"] == 2 * 10**9

            asked = ("--from", "2025-07-15", "--to", "2025-07-17")
            code, out, err = await footfall(backend, "stats", "pages", *asked, "--json")
            assert code == 0, err
            over_http = await ask("/stats/pages", **RANGE)
            # Asked at another moment.
            assert json.loads(out).pop("complete_until") <= over_http.pop("complete_until")
            assert json.loads(out) | {"complete_until": None} == over_http | {
                "complete_until": None
            }
            code, out, _ = await footfall(backend, "stats", "pages", *asked)
            assert (code, "\u202e" in out) == (0, False)
            assert "2,000,000,000" in out
            code, _, err = await footfall(backend, "stats", "views", "--tz", "x", "--unit", "y")
            assert (code, len(err.splitlines())) == (2, 2)

            exported = tmp_path / "views.csv"
            code, _, err = await footfall(backend, "stats", "export", "--output", str(exported))
            assert code == 0, err
            assert exported.read_bytes() == (await client.get("/export/hourly")).content
            code, _, err = await footfall(
                backend, "import", "--to", up.url, "--format", "counts", str(exported)
            )
            assert code == 0, err
            await counted(2 * (TOTAL + 10**9))
            again = await ask("/export/hourly", format="json")

            seen = {"url": "https://example.com/a", "referrer": "https://news.example/x"}
            sent = await client.post("/page-views/browser", json=seen)
            assert sent.status_code == 202, sent.text

            async def sources() -> Any:
                return (await ask("/stats/sources", site="example.com", period="24h"))["sources"]

            await until(sources, "a source being counted")
            (row,) = await sources()
            assert (row["source"], row["direct"], row["views"]) == ("news.example", False, 1)
            of_site = ("--site", "example.com", "--period", "24h", "--csv")
            code, out, err = await footfall(backend, "stats", "sources", *of_site)
            assert (code, out.split()[1]) == (0, "1,news.example,1,1.0,"), err
        doubled: dict[tuple[str, str], int] = {}
        for page, hours in VIEWS.items():
            for hour, views in hours.items():
                doubled[f"{hour[:13]}:00:00Z", page] = 2 * views
        doubled["2025-07-16T11:00:00Z", "=1+1"] = 4 * 10**9
        assert {(row["hour"], row["page"]): row["views"] for row in again["rows"]} == doubled


async def test_a_long_answer_comes_packed_and_is_not_sent_again(tmp_path: Path) -> None:
    async with Role(embedded(tmp_path), "up") as up:
        await up.serving()
        async with httpx.AsyncClient(base_url=up.url) as client:
            asked = {"from": "2025-07-01", "to": "2025-07-08", "unit": "hour"}
            plain = await client.get(
                "/stats/views", params=asked, headers={"Accept-Encoding": "identity"}
            )
            found = await client.get("/stats/views", params=asked)
            assert "content-encoding" not in plain.headers
            assert found.headers["content-encoding"] == "gzip"
            assert int(found.headers["content-length"]) < len(plain.content) / 3
            assert found.json()["buckets"] == plain.json()["buckets"]
            assert found.headers["etag"] != plain.headers["etag"]
            for each in (plain, found):
                held = {"If-None-Match": each.headers["etag"]}
                again = await client.get("/stats/views", params=asked, headers=held)
                assert (again.status_code, again.content) == (304, b"")
                assert again.headers["etag"] == each.headers["etag"]
            head = await client.head("/stats/views", params=asked)
            assert head.headers["content-length"] == found.headers["content-length"]
