"""The page's modules in node: what is pure of them, and what checks them."""

import json
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from dashboard.files import sources
from tests.browser.clients import installed
from tests.dashboard.checks import linted, types
from tests.servers import node_binary

pytestmark = pytest.mark.node

FOLDER = Path(__file__).parent
WRITTEN = FOLDER.parents[1] / "dashboard/page/js"
# Nothing of it runs.
OF_TYPES = "types.js"
TESTS = sorted((FOLDER / "js").glob("*.test.js"))
FORBIDDEN = {
    "markup": "document.body.innerHTML = '<b>'",
    "outer markup": "document.body.outerHTML = '<b>'",
    "markup beside": "document.body.insertAdjacentHTML('beforeend', '<b>')",
    "style attribute": "document.body.setAttribute('style', 'color: red')",
    "Style attribute": "document.body.setAttribute('STYLE', 'color: red')",
    "style text": "document.body.style.cssText = 'color: red'",
    "eval": "eval('1')",
    "Function": "new Function('return 1')()",
    "timeout of text": "setTimeout('alert(1)', 1)",
    "written": "document.write('x')",
    "parsed": "new DOMParser().parseFromString('<b>', 'text/html')",
    "frame": "document.createElement('iframe').srcdoc = '<b>'",
    "template of lines": "window.name = `a\n  b`",
    "text of lines": "window.name = 'a\\\n  b'",
    "equality": "window.name = 1 == '1'",
}
ALLOWED = (
    "/** @param {Element} made @param {string} name */\n"
    "export const put = (made, name) => {\n"
    "  made.textContent = `${name}\\n`;\n"
    "  made.setAttribute('class', 'name');\n"
    "};\n"
)


def in_node(*command: object, given: str = "") -> subprocess.CompletedProcess[str]:
    node = node_binary()
    assert node is not None
    words = [node, *map(str, command)]
    return subprocess.run(words, input=given, capture_output=True, text=True, timeout=100)


@pytest.mark.parametrize("file", TESTS, ids=lambda file: file.name.removesuffix(".test.js"))
def test_a_module_does_what_its_tests_say(file: Path) -> None:
    done = in_node("--test", "--test-reporter=spec", file)
    assert done.returncode == 0, done.stdout + done.stderr
    # A file without a test would pass too.
    assert "ℹ pass 0" not in done.stdout, done.stdout


@pytest.mark.npm
def test_what_is_sent_is_the_same_program_as_what_is_written() -> None:
    written = {file.name: file.read_text() for file in WRITTEN.glob("*.js")}
    sent = [text.decode() for path, text in sources().assets.items() if path.endswith(".js")]
    assert compared(written, sent) == {"different": [], "unsent": [OF_TYPES]}


@pytest.mark.npm
@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ("const a = `\n// b\n`;", "const a = `\n`;\nreturn {  };"),
        (
            "import { a } from './b.js';\na();",
            "const { b: a } = $modules['b.js'];\na();\nreturn {  };",
        ),
        ("export const a = 1;", "const a = 1;\nreturn {  };"),
        ("a();\n(b)", "a()\n(b)\nreturn {  };"),
    ],
    ids=["text", "taken", "given", "another statement"],
)
def test_what_is_another_program_is_noticed(written: str, sent: str) -> None:
    scoped = f"$modules['a.js'] = (() => {{\n{sent}\n}})();"
    assert compared({"a.js": written}, [scoped]) == {"different": ["a.js"], "unsent": []}


def compared(written: Mapping[str, str], sent: Sequence[str]) -> Any:
    asked = json.dumps({"written": written, "sent": sent})
    done = in_node(FOLDER / "same_program.js", installed(FOLDER) / "_", given=asked)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.npm
def test_what_no_module_may_do_is_noticed(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    for name, text in {**FORBIDDEN, "allowed": ALLOWED}.items():
        (tmp_path / f"{name}.js").write_text(text + "\n")
    assert linted(installed(FOLDER), "--format", "json", ".", folder=tmp_path) == 1
    found = json.loads(capfd.readouterr().out)
    noticed = {Path(each["filePath"]).stem for each in found if each["errorCount"]}
    assert noticed == set(FORBIDDEN)


@pytest.mark.npm
def test_a_module_that_breaks_its_types_is_noticed(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    rules = json.loads((FOLDER / "tsconfig.json").read_text())
    (tmp_path / "tsconfig.json").write_text(json.dumps({**rules, "include": ["*.js"]}))
    (tmp_path / "kept.js").write_text(ALLOWED)
    assert types(installed(FOLDER), tmp_path / "tsconfig.json") == 0
    (tmp_path / "broken.js").write_text("import { put } from './kept.js';\n\nput(null, 1);\n")
    assert types(installed(FOLDER), tmp_path / "tsconfig.json") != 0
    assert "broken.js(3,5)" in capfd.readouterr().out
