"""Secrets, rings of keys, and the text that keeps them."""

import hmac
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import SettingsError
from domain.key_ring import Key, Ring, keys_of_variable
from domain.key_secrets import SECRET, digest_of, id_of, new_secret
from domain.key_texts import MAX_NAME, keys_text, read_keys, require_sound
from domain.keys import Caller, Right
from tests.keys import key, numbered

DAY = 1_750_000_000_000
ONE, TWO = numbered(1), numbered(2)
LINE = '{{"id":"{id}","rights":["read"],"sha256":"{sha256}"}}'


def line(**changed: str) -> str:
    return LINE.format(**{"id": id_of(ONE), "sha256": digest_of(ONE).hex(), **changed})


def test_a_secret_is_known_by_its_looks_and_holds_256_random_bits() -> None:
    drawn: list[int] = []

    def draw(size: int) -> bytes:
        drawn.append(size)
        return bytes(range(size))

    secret = new_secret(draw)
    assert drawn == [5, 32]
    assert SECRET.fullmatch(secret)
    assert secret.split("_")[1] == id_of(secret) == "aaaqeaye"


@given(st.binary(min_size=32, max_size=32), st.binary(min_size=32, max_size=32))
def test_no_random_bit_is_lost_in_a_secret(one: bytes, other: bytes) -> None:
    def made(random: bytes) -> str:
        return new_secret(lambda size: random[:size])

    assert (made(one) == made(other)) == (one == other)


def test_a_ring_finds_each_of_its_keys_by_its_secret() -> None:
    ring = Ring([key(ONE, Right.READ), key(TWO, Right.INGEST)])
    found = [ring.key_of(secret) for secret in (ONE, TWO)]
    assert [each and each.id for each in found] == [id_of(ONE), id_of(TWO)]


WRONG: dict[str, Callable[[str], str]] = {
    "nothing": lambda _: "",
    "its last letter": lambda secret: secret[:-1] + ("a" if secret[-1] != "a" else "b"),
    "cut off": lambda secret: secret[:-1],
    "its name alone": lambda secret: secret[:12],
    "one more letter": lambda secret: f"{secret}a",
    "great letters": str.upper,
    "another prefix": lambda secret: f"fff{secret[3:]}",
    "another name": lambda secret: f"{secret[:4]}zzzzzzzz{secret[12:]}",
    "the name of another": lambda secret: secret.replace(id_of(secret), id_of(TWO)),
    "what is kept of it": lambda secret: digest_of(secret).hex(),
    "not ASCII": lambda secret: secret.replace("_", "\u017f"),
    "half of a pair": lambda secret: f"{secret}\ud800",
    "8 kB": lambda secret: secret * 125,
    "NUL": lambda secret: f"{secret}\0",
}


@pytest.mark.parametrize("change", WRONG.values(), ids=WRONG)
def test_only_the_whole_secret_is_that_of_a_key(change: Callable[[str], str]) -> None:
    assert Ring([key(ONE), key(TWO)]).key_of(change(ONE)) is None


@pytest.mark.parametrize("secret", [ONE, *(change(ONE) for change in WRONG.values())])
def test_whatever_is_shown_is_hashed_whole_and_compared_once(
    secret: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ring = Ring([key(ONE), key(TWO)])
    compared: list[tuple[int, int]] = []
    compare = hmac.compare_digest

    def counted(one: bytes, other: bytes) -> bool:
        compared.append((len(one), len(other)))
        return compare(one, other)

    monkeypatch.setattr("hmac.compare_digest", counted)
    ring.key_of(secret)
    assert compared == [(32, 32)]


def test_a_key_without_a_name_is_never_found() -> None:
    nobody = Ring([Key("", frozenset(Right), bytes(32))])
    assert nobody.key_of("") is None


def test_two_keys_of_one_name_are_refused() -> None:
    with pytest.raises(SettingsError, match=f"the key {id_of(ONE)} is there twice"):
        Ring([key(ONE), key(TWO), key(ONE, Right.ADMIN)])


def test_an_administrator_may_do_everything_and_others_what_their_key_says() -> None:
    ring = Ring([key(ONE, Right.ADMIN), key(TWO, Right.READ)._replace(sites=frozenset("a"))])
    first, second = (ring.caller_of(each) for each in ring.keys)
    assert first == Caller(id_of(ONE), frozenset(Right))
    assert second == Caller(id_of(TWO), frozenset({Right.READ}), frozenset("a"))


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({}, None),
        ({"expires_ms": DAY + 1}, None),
        ({"expires_ms": DAY}, f"the key {id_of(ONE)} expired at 2025-06-15T15:06:40Z"),
        ({"revoked_ms": DAY}, f"the key {id_of(ONE)} was revoked at 2025-06-15T15:06:40Z"),
        # Whatever a clock says.
        ({"revoked_ms": DAY + 9}, f"the key {id_of(ONE)} was revoked at 2025-06-15T15:06:40Z"),
    ],
)
def test_a_key_whose_time_is_over_says_so(changed: dict[str, Any], fault: str | None) -> None:
    found = key(ONE)._replace(**changed)
    assert found.fault(DAY) == fault
    assert Ring([found]).opens(Right.READ, DAY) == (fault is None)
    assert not Ring([found]).opens(Right.INGEST, DAY)


KEYS = st.builds(
    Key,
    st.text("abcdefghijklmnopqrstuvwxyz234567", min_size=8, max_size=8),
    st.frozensets(st.sampled_from(Right), min_size=1),
    st.binary(min_size=32, max_size=32),
    st.text(st.characters(categories=["L", "N", "P"]), max_size=MAX_NAME),
    st.none(),
    *[st.none() | st.integers(0, 2**40).map(lambda seconds: seconds // 1_000 * 1_000)] * 3,
)
OF_SITES = st.builds(
    lambda found, sites: found._replace(rights=frozenset({Right.READ}), sites=sites),
    KEYS,
    st.frozensets(st.text("ab.-", min_size=1), min_size=1),
)


@given(st.lists(KEYS | OF_SITES, unique_by=lambda found: found.id))
def test_keys_are_read_as_they_were_written(keys: list[Key]) -> None:
    assert list(read_keys(keys_text(keys).encode()).keys) == keys


def test_comments_and_empty_lines_are_no_keys() -> None:
    text = f"# x\n\n  \n{line()}\r\n #{line()}"
    assert [each.id for each in read_keys(text.encode()).keys] == [id_of(ONE)]
    assert not read_keys(b"").keys


BROKEN = {
    "no JSON": ("{", "line 2 is no key"),
    "cut off": (line()[:-9], "line 2 is no key"),
    "an array": ("[]", "line 2 is no key"),
    "deep": ("[" * 5_000, "line 2 is no key"),
    "another right": (line().replace("read", "root"), "line 2 is no key.*root"),
    "no right": (line().replace('"read"', ""), "line 2: a key has at least one right"),
    "a member nobody knows": (line().replace("{", '{"hours":"9-17",'), "line 2 is no key.*hours"),
    "no hash": (line().replace("sha256", "md5"), "line 2 is no key"),
    "half a hash": (line(sha256="ab" * 16), "line 2: sha256 is not 64"),
    "another alphabet": (line(sha256="xy" * 32), "line 2: sha256 is not 64"),
    "another name": (line(id="key-1"), "line 2: id is not"),
    "no moment": (line().replace("{", '{"expires":"tomorrow",'), "line 2: 'tomorrow' is no moment"),
    "no sites": (line().replace("{", '{"sites":[],'), "line 2: a site is what stands"),
    "a pattern": (line().replace("{", '{"sites":["*.a.b"],'), "line 2: a site is what stands"),
    "a path": (line().replace("{", '{"sites":["a/b"],'), "line 2: a site is what stands"),
    "a site of who writes": (
        line().replace('"read"', '"read","ingest"').replace("{", '{"sites":["a"],'),
        "line 2: only a key that reads",
    ),
    "bytes": ('{"id":"\udcff"}', "line 2 is no key"),
}


@pytest.mark.parametrize(("text", "said"), BROKEN.values(), ids=BROKEN)
def test_a_text_that_is_broken_anywhere_is_refused_with_its_line(text: str, said: str) -> None:
    whole = f"# x\n{text}\n{line()}\n".encode(errors="surrogateescape")
    with pytest.raises(SettingsError, match=said):
        read_keys(whole)


@pytest.mark.parametrize("name", ["x" * (MAX_NAME + 1), "a\nb", "\x1b[31m"])
def test_a_name_is_short_and_can_be_seen(name: str) -> None:
    with pytest.raises(SettingsError, match="a name has at most"):
        require_sound(key(ONE)._replace(name=name))


def test_a_variable_has_whole_secrets_with_commas_between() -> None:
    found = keys_of_variable("READ_KEY", f"{ONE}, {TWO},", Right.READ)
    assert [each.digest for each in found] == [digest_of(ONE), digest_of(TWO)]
    assert {each.rights for each in found} == {frozenset({Right.READ})}


@pytest.mark.parametrize("text", ["hunter2", ONE[:-1], f"{ONE} {TWO}", f"{ONE},hunter2"])
def test_what_is_no_secret_of_ours_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(SettingsError, match="READ_KEY is no key of Footfall's") as caught:
        keys_of_variable("READ_KEY", text, Right.READ)
    assert "hunter2" not in str(caught.value)
    assert ONE[12:30] not in str(caught.value)
