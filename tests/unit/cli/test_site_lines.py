"""Whose views browsers may send."""

from cli.output.sites import site_lines


def test_declared_sites_are_named() -> None:
    assert [*site_lines("example.com,*.example.org")] == ["OK    sites (example.com,*.example.org)"]


def test_where_none_is_declared_it_is_said_what_that_means() -> None:
    (line,) = site_lines("")
    assert line.startswith("NOTE  sites: SITES is unset")
