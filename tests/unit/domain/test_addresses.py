"""From which address a request comes."""

from ipaddress import IPv4Address, ip_address
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.addresses import Proxies, address_of, client_name

PROXIES = Proxies("10.0.0.0/8,127.0.0.1,fd00::/8")
STRANGER = "203.0.113.9"
NEAR = "10.0.0.1"


def client(peer: str | None, *lines: str, forwarded: tuple[str, ...] = ()) -> str:
    found = PROXIES.client_of(peer, lines, forwarded)
    return "nobody" if found is None else str(found)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("203.0.113.9:4711", "203.0.113.9"),
        (" 203.0.113.9\t", "203.0.113.9"),
        ("2001:db8::1", "2001:db8::1"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("[2001:db8::1]:443", "2001:db8::1"),
        ("[2001:db8::1]:_port", "2001:db8::1"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("[::ffff:203.0.113.9]:80", "203.0.113.9"),
        ("fe80::1%eth0", "fe80::1"),
        ("2001:DB8:0:0::1", "2001:db8::1"),
    ],
)
def test_an_address_is_read_with_and_without_a_port(text: str, expected: str) -> None:
    assert str(address_of(text)) == expected


@pytest.mark.parametrize(
    "text",
    ["", "unknown", "_hidden", "203.0.113", "203.0.113.9.1", "1.2.3.4:5:6", "::1::", "[::1",
     "0x7f.1", "localhost", "203.0.113.09", "1.2.3.4 5.6.7.8", "１.２.３.４", "[]", ":80", "12345"],
)  # fmt: skip
def test_anything_else_is_no_address(text: str) -> None:
    assert address_of(text) is None


def test_who_is_no_proxy_of_ours_is_not_asked_who_it_speaks_for() -> None:
    assert client(STRANGER, "198.51.100.1") == STRANGER
    assert client(STRANGER, forwarded=("for=198.51.100.1",)) == STRANGER


def test_a_proxy_of_ours_says_who_the_client_is() -> None:
    assert client(NEAR, STRANGER) == STRANGER
    assert client(f"::ffff:{NEAR}", "[2001:db8::1]:4711") == "2001:db8::1"


def test_a_chain_is_believed_from_its_end_as_long_as_it_is_ours() -> None:
    assert client(NEAR, f"198.51.100.1, {STRANGER}, 10.9.9.9, fd00::5") == STRANGER


def test_lines_of_a_header_are_one_chain_in_their_order() -> None:
    assert client(NEAR, "198.51.100.1", STRANGER) == STRANGER
    assert client(NEAR, "198.51.100.1", f"{STRANGER}, 10.9.9.9") == STRANGER


def test_who_is_ours_to_the_very_beginning_is_the_first_of_them() -> None:
    assert client(NEAR, "10.0.0.3, 10.0.0.2") == "10.0.0.3"


def test_what_cannot_be_read_ends_the_chain_at_the_last_that_is_known() -> None:
    assert client(NEAR, f"{STRANGER}, garbage, 10.0.0.2") == "10.0.0.2"
    assert client(NEAR, "unknown") == NEAR
    assert client(NEAR, "") == NEAR
    assert client(NEAR) == NEAR


def test_a_socket_without_an_address_is_nobody() -> None:
    assert client(None, STRANGER) == "nobody"
    assert client("/run/footfall.sock", STRANGER) == "nobody"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("for=203.0.113.9", STRANGER),
        ("For=203.0.113.9;proto=https;by=10.0.0.1", STRANGER),
        ("proto=https; for=203.0.113.9", STRANGER),
        ('for="203.0.113.9:4711"', STRANGER),
        ('for="[2001:db8::1]:4711"', "2001:db8::1"),
        ('for="203\\.0.113.9"', STRANGER),
        ("for=198.51.100.1, for=203.0.113.9, for=10.0.0.2", STRANGER),
        ('host="a, for=198.51.100.1";for=203.0.113.9', STRANGER),
        ("for=203.0.113.9, for=unknown", NEAR),
        ("for=203.0.113.9, proto=https", NEAR),
        ("for=203.0.113.9, for=_hidden", NEAR),
        ("notfor=203.0.113.9", NEAR),
        ('for="', NEAR),
    ],
)
def test_forwarded_says_the_same_where_there_is_no_other(line: str, expected: str) -> None:
    assert client(NEAR, forwarded=(line,)) == expected


def test_what_nearly_all_proxies_write_is_believed_before_the_other() -> None:
    assert client(NEAR, STRANGER, forwarded=("for=198.51.100.1",)) == STRANGER


def test_clients_of_ipv6_are_as_many_as_there_are_networks_of_theirs() -> None:
    one, same, other = "2001:db8:0:1::1", "2001:db8:0:1:ffff::2", "2001:db8:0:2::1"
    names = [client_name(ip_address(text)) for text in (one, same, other)]
    assert names == ["2001:db8:0:1::/64", "2001:db8:0:1::/64", "2001:db8:0:2::/64"]
    assert client_name(IPv4Address(STRANGER)) == STRANGER


@pytest.mark.parametrize(
    "line",
    [
        '"' + '\\"' * 16_000,
        ';for="\\"' * 4_000,
        "," * 32_000,
        '""' * 16_000,
        "for=" * 8_000,
        "[" * 32_000,
    ],
    ids=["quotes", "openings", "commas", "pairs", "names", "brackets"],
)
def test_headers_as_long_as_they_may_be_are_read_in_no_time(line: str) -> None:
    began = process_time()
    assert client(NEAR, forwarded=(line,)) == client(NEAR, line) == NEAR
    assert process_time() - began < 0.2


def test_a_chain_longer_than_any_is_not_followed_to_its_beginning() -> None:
    assert client(NEAR, ", ".join([STRANGER, *[NEAR] * 10])) == STRANGER
    assert client(NEAR, ", ".join([STRANGER, *[NEAR] * 100])) == NEAR


def test_nobody_is_named_in_an_empty_list() -> None:
    assert not Proxies("")
    assert bool(PROXIES)
    assert str(Proxies("").client_of("127.0.0.1", [STRANGER])) == "127.0.0.1"


addresses = st.one_of(st.ip_addresses(), st.ip_addresses(v=4).map(lambda a: f"::ffff:{a}")).map(str)
outside = addresses.filter(lambda text: (a := address_of(text)) is not None and a not in PROXIES)
lines_of_anything = st.lists(st.text(st.characters(max_codepoint=255), max_size=60), max_size=5)


@given(outside, lines_of_anything, lines_of_anything)
def test_nothing_that_a_stranger_sends_changes_who_it_is(
    peer: str, lines: list[str], forwarded: list[str]
) -> None:
    assert PROXIES.client_of(peer, lines, forwarded) == address_of(peer)


@given(
    lines_of_anything, outside, st.lists(st.sampled_from([NEAR, "10.2.3.4", "fd00::1"]), max_size=4)
)
def test_nothing_in_front_of_what_a_proxy_of_ours_wrote_is_looked_at(
    spoofed: list[str], seen: str, ours: list[str]
) -> None:
    written = ", ".join([seen, *ours])
    assert PROXIES.client_of(NEAR, [*spoofed, written]) == address_of(seen)


@given(lines_of_anything, lines_of_anything)
def test_whatever_comes_there_is_an_answer(lines: list[str], forwarded: list[str]) -> None:
    found = PROXIES.client_of(NEAR, lines, forwarded)
    assert found is not None
    assert client_name(found)
