"""Modules joined to few, each in a scope of its own."""

import pytest

from dashboard.joining import CannotJoin, joined

MODULES = {
    "main.js": (
        "import { b as other, c } from './b.js';\n"
        "import {\nd,\n} from './d.js';\n"
        "import './e.js';\n"
        "other(c, d);\n"
        "const later = () => import('./late.js');\n"
    ),
    "b.js": "import { d } from './d.js';\nexport function b() {}\nexport const c = d;\n",
    "d.js": "export async function d() {}\nexport class D extends Error {}\n",
    "e.js": "window.e = 1;\nexport {};\n",
    "late.js": (
        "import { d } from './d.js';\n"
        "import { f } from './f.js';\n"
        "export const late = () => f(d);\n"
    ),
    "f.js": "export function f() {}\n",
    "types.js": "export {};\n",
}


def test_what_the_first_imports_comes_with_it_in_the_order_in_which_it_runs() -> None:
    assert joined(MODULES, "main.js")["main.js"] == (
        "export const $modules = {};\n"
        "$modules['d.js'] = (() => {\n"
        "async function d() {}\n"
        "class D extends Error {}\n"
        "return { d, D };\n"
        "})();\n"
        "$modules['b.js'] = (() => {\n"
        "const { d } = $modules['d.js'];\n"
        "function b() {}\n"
        "const c = d;\n"
        "return { b, c };\n"
        "})();\n"
        "$modules['e.js'] = (() => {\n"
        "window.e = 1;\n"
        "return {  };\n"
        "})();\n"
        "$modules['main.js'] = (() => {\n"
        "const { b: other, c } = $modules['b.js'];\n"
        "const { d } = $modules['d.js'];\n"
        "other(c, d);\n"
        "const later = () => import('./late.js');\n"
        "return {  };\n"
        "})();\n"
    )


def test_what_is_imported_later_brings_only_what_is_not_there() -> None:
    found = joined(MODULES, "main.js")
    assert set(found) == {"main.js", "late.js"}
    assert found["late.js"] == (
        "import { $modules } from './main.js';\n"
        "$modules['f.js'] = (() => {\n"
        "function f() {}\n"
        "return { f };\n"
        "})();\n"
        "$modules['late.js'] = (() => {\n"
        "const { d } = $modules['d.js'];\n"
        "const { f } = $modules['f.js'];\n"
        "const late = () => f(d);\n"
        "return { late };\n"
        "})();\n"
        "export const { late } = $modules['late.js'];\n"
    )


@pytest.mark.parametrize(
    "line",
    [
        "export default 1;",
        "export let a = 1;",
        "export { a } from './b.js';",
        "export { a };",
        "export const { a, b } = c;",
        "export function* a() {}",
        "import a from './b.js';",
        "import * as a from './b.js';",
        "import { a } from 'b';",
        'import { a } from "./b.js";',
        "const a = import.meta.url;",
        "import { a } from './gone.js';",
        "import { a } from './main.js';",
    ],
)
def test_what_is_written_another_way_is_refused_by_name(line: str) -> None:
    with pytest.raises(CannotJoin, match=r"main\.js"):
        joined({"main.js": f"{line}\n", "b.js": "export const a = 1;\n"}, "main.js")


def test_modules_that_import_each_other_are_refused() -> None:
    circle = {
        "main.js": "import { b } from './b.js';\n",
        "b.js": "import { c } from './main.js';\n",
    }
    with pytest.raises(CannotJoin, match=r"main\.js -> b\.js -> main\.js"):
        joined(circle, "main.js")
