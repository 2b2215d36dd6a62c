"""Comments go, lines stay lines, and what only looks like a comment stays."""

import pytest

from web.stripping import stripped_css, stripped_javascript


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("  a()\n\n\tb()", ["a()", "b()"]),
        ("// why\na() // kept\n  // why", ["a() // kept"]),
        ("/** one */\na()", ["a()"]),
        ("/**\n * many\n * lines\n */\na()", ["a()"]),
        ("/** @type {X} */ (a).b()", ["(a).b()"]),
        ("const a = /** @type {any} */ (b); /** @param {A} c */", ["const a = (b);"]),
        ("/* a */ /* b\n c */ d()", ["d()"]),
        ("/**/a()\n/*/ b */c()", ["a()", "c()"]),
        ("a('/* no */')\nb('// no')", ["a('/* no */')", "b('// no')"]),
        ("return a\n/* x */\n+ b", ["return a", "+ b"]),
        ("/* // */\n// /*\na()", ["a()"]),
    ],
)
def test_of_javascript(source: str, expected: list[str]) -> None:
    assert stripped_javascript(source) == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("/* why */\na {\n  b: c; /* why\n */ d: e\n}", ["a {", "b: c;  d: e", "}"]),
        ('a { content: "/* no */" }', ['a { content: "/* no */" }']),
        (r"a { content: '\'/*'; b: c } /* '*/", [r"a { content: '\'/*'; b: c }"]),
    ],
)
def test_of_style_sheets(source: str, expected: list[str]) -> None:
    assert stripped_css(source) == expected
