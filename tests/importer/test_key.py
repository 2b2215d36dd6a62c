"""footfall import at a service that asks for a key."""

from pathlib import Path

import pytest

from domain.problems import FORBIDDEN, UNAUTHORIZED, Kind
from importer.run import Options
from tests.importer.conftest import Service, refusal, run
from tests.importer.test_import import LINE
from tests.keys import numbered

KEY, OTHER = numbered(1), numbered(2)


@pytest.fixture(autouse=True)
def _no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FOOTFALL_KEY", raising=False)


def sent(service: Service, *arguments: str | Path) -> str | None:
    """What the service was shown."""
    result = run("-", "--to", service.url, *arguments, stdin=LINE % 1)
    assert result.exit_code == 0, result.output
    assert KEY[12:] not in result.output
    return service.headers.get("authorization")


def test_without_a_key_none_is_sent(service: Service) -> None:
    assert sent(service) is None


@pytest.mark.parametrize("around", ["{}", "{}\n", " {}\r\n"])
def test_a_key_comes_from_a_file_or_the_variable_and_the_file_goes_first(
    service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, around: str
) -> None:
    file = tmp_path / "key"
    file.write_text(around.format(KEY))
    assert sent(service, "--key-file", file) == f"Bearer {KEY}"
    monkeypatch.setenv("FOOTFALL_KEY", OTHER)
    assert sent(service, "--key-file", file) == f"Bearer {KEY}"
    assert sent(service) == f"Bearer {OTHER}"


@pytest.mark.parametrize("kind", [UNAUTHORIZED, FORBIDDEN])
def test_a_service_that_asks_for_another_key_ends_the_import_with_what_to_do(
    service: Service, kind: Kind, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FOOTFALL_KEY", KEY)
    answer = refusal(kind, "no")
    # As the lock says it: of the whole request, in the same words.
    content = {**answer.content, "errors": [{"pointer": "", "detail": "no"}]}
    service.answers = [answer._replace(content=content)]
    result = run("-", "--to", service.url, stdin=LINE % 1)
    assert result.exit_code == 1
    assert f"answered {kind.status}: no; nothing of this request was counted" in result.stderr
    assert "A key with the right ingest goes into FOOTFALL_KEY, or a file" in result.stderr
    assert KEY[12:] not in result.output
    assert service.requests == 1


@pytest.mark.parametrize(
    "text", [f"{KEY} {OTHER}", f"{KEY}\n{OTHER}", f"{KEY}\0", f"{KEY}é", f"{KEY}\x7f"]
)
def test_what_cannot_be_a_key_is_not_sent_and_not_shown(
    service: Service, tmp_path: Path, text: str
) -> None:
    file = tmp_path / "key"
    file.write_text(text)
    result = run("-", "--to", service.url, "--key-file", file, stdin=LINE % 1)
    assert result.exit_code == 2
    assert "is no key: a key is one word of ASCII" in " ".join(result.stderr.split())
    assert KEY[12:] not in result.output
    assert not service.requests


@pytest.mark.parametrize(("text", "said"), [("", "has no key in it"), (None, "No such file")])
def test_a_file_without_a_key_is_told(
    service: Service, tmp_path: Path, text: str | None, said: str
) -> None:
    file = tmp_path / "key"
    if text is not None:
        file.write_text(text)
    result = run("-", "--to", service.url, "--key-file", file, stdin=LINE % 1)
    assert result.exit_code == 2
    assert said in " ".join(result.stderr.split())


def test_options_do_not_show_it() -> None:
    assert KEY not in repr(Options(("-",), "http://h", key=KEY))
