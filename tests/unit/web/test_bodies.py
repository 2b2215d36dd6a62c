"""What is held of bodies, for how long, and what becomes of those that are not whole."""

import asyncio
import gzip
from itertools import pairwise
from typing import Any

import pytest

from domain.errors import Overloaded, RequestRefused
from domain.problems import INVALID, TOO_LARGE, TOO_SLOW, UNSUPPORTED_ENCODING, Kind
from web.bodies import Bodies

LIMIT = 1_000_000
LARGE = 300_000


class Sender:
    """A client that sends pieces of a body; `end` says that the last was the last."""

    def __init__(self, *pieces: bytes, **headers: str) -> None:
        self._messages: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._headers = [
            (name.replace("_", "-").encode(), value.encode("latin-1"))
            for name, value in headers.items()
        ]
        for piece in pieces:
            self.send(piece)

    def send(self, piece: bytes, more: bool = True) -> None:
        self._messages.put_nowait({"type": "http.request", "body": piece, "more_body": more})

    def end(self, piece: bytes = b"") -> "Sender":
        self.send(piece, more=False)
        return self

    def leave(self) -> "Sender":
        self._messages.put_nowait({"type": "http.disconnect"})
        return self

    @property
    def waits(self) -> bool:
        """Has all been taken that was sent?"""
        return self._messages.empty()

    def ask(self, bodies: Bodies) -> "asyncio.Task[bytes]":
        scope: Any = {"type": "http", "headers": self._headers}
        return asyncio.create_task(bodies.read(scope, self._messages.get, bytes))  # type: ignore[arg-type]


async def kind_of(task: "asyncio.Task[bytes]") -> Kind:
    with pytest.raises(RequestRefused) as caught:
        await task
    return caught.value.kind


async def taken(*senders: Sender) -> None:
    async with asyncio.timeout(10):
        while not all(sender.waits for sender in senders):
            await asyncio.sleep(0)


@pytest.mark.parametrize("size", [0, 1, 1_000, LARGE, LIMIT])
@pytest.mark.parametrize("pieces", [1, 2, 7])
async def test_a_body_is_judged_as_it_was_sent(size: int, pieces: int) -> None:
    body = bytes(i % 251 for i in range(size))
    cuts = [size * i // pieces for i in range(pieces + 1)]
    *first, last = [body[a:b] for a, b in pairwise(cuts)]
    assert await Sender(*first).end(last).ask(Bodies(LIMIT, 10)) == body


@pytest.mark.parametrize("size", [0, 1_000, LARGE, LIMIT])
async def test_a_packed_body_is_judged_unpacked(size: int) -> None:
    sender = Sender(content_encoding="gzip").end(gzip.compress(bytes(size)))
    assert await sender.ask(Bodies(LIMIT, 10)) == bytes(size)


async def test_more_than_the_limit_is_refused_packed_in_pieces_or_whole() -> None:
    bodies = Bodies(LIMIT, 10)
    bomb = gzip.compress(bytes(LIMIT + 1))
    for sender in (
        Sender().end(bytes(LIMIT + 1)),
        Sender(bytes(LIMIT)).end(b"x"),
        Sender(content_encoding="gzip").end(bomb),
        Sender(bomb[:9], content_encoding="gzip").end(bomb[9:]),
    ):
        assert await kind_of(sender.ask(bodies)) is TOO_LARGE


@pytest.mark.parametrize(
    "length", [str(LIMIT + 1), "0" * 5_000 + str(LIMIT + 1), "9" * 5_000, "1" + "0" * 18]
)
async def test_a_length_beyond_the_limit_is_refused_before_the_body_is_waited_for(
    length: str,
) -> None:
    assert await kind_of(Sender(content_length=length).ask(Bodies(LIMIT, 10))) is TOO_LARGE


@pytest.mark.parametrize(
    "length", [str(LIMIT), "0" * 5_000 + "5", "0" * 5_000, "", "-1", "²", "+5"]
)
async def test_any_other_length_is_left_to_the_server(length: str) -> None:
    sender = Sender(content_length=length).end(b"hello")
    assert await sender.ask(Bodies(LIMIT, 10)) == b"hello"


async def test_an_encoding_nobody_reads_is_refused_before_the_body_is_waited_for() -> None:
    asked = Sender(content_encoding="br").ask(Bodies(LIMIT, 10))
    assert await kind_of(asked) is UNSUPPORTED_ENCODING


async def test_a_client_that_goes_within_its_body_has_sent_nothing() -> None:
    bodies = Bodies(LIMIT, 10)
    for sender in (Sender(), Sender(b"whole, it seems"), Sender(b"x" * LARGE)):
        assert await kind_of(sender.leave().ask(bodies)) is INVALID


@pytest.mark.parametrize("piece", [b"", b"x", b"x" * LARGE])
async def test_a_body_that_does_not_arrive_in_time_is_refused(piece: bytes) -> None:
    bodies = Bodies(LIMIT, 0.05)
    asked = [Sender(*([piece] * bool(piece))).ask(bodies) for _ in range(3)]
    for task in asked:
        assert await kind_of(task) is TOO_SLOW
    assert await Sender().end(b"the next").ask(bodies) == b"the next"


async def test_a_body_that_comes_byte_by_byte_has_no_more_time_than_any() -> None:
    bodies, sender = Bodies(LIMIT, 0.1), Sender()
    asked = sender.ask(bodies)
    async with asyncio.timeout(10):
        while not asked.done():
            sender.send(b"x")
            await asyncio.sleep(0.01)
    assert await kind_of(asked) is TOO_SLOW


async def test_clients_that_send_nothing_keep_nobody_out() -> None:
    bodies = Bodies(LIMIT, 10, held=2 * LIMIT)
    silent = [Sender() for _ in range(50)] + [Sender(b"x") for _ in range(50)]
    asked = [sender.ask(bodies) for sender in silent]
    await taken(*silent)
    large = b"y" * LIMIT
    for _ in range(3):
        assert await Sender(large[:LARGE]).end(large[LARGE:]).ask(bodies) == large
    for sender in silent:
        sender.end(b"z")
    assert set(await asyncio.gather(*asked)) == {b"z", b"xz"}


async def test_what_is_held_of_bodies_under_way_is_bounded_and_given_back() -> None:
    bodies = Bodies(LIMIT, 10, held=2 * LIMIT)
    slow = [Sender(bytes(LIMIT // 2)) for _ in range(3)]
    asked = [sender.ask(bodies) for sender in slow]
    await taken(*slow)

    with pytest.raises(Overloaded):
        await Sender(bytes(LARGE)).end(bytes(1)).ask(bodies)
    # Small ones have a part of their own, and none that is whole at once needs any.
    assert await Sender(b"small, in ").end(b"pieces").ask(bodies) == b"small, in pieces"

    for sender in slow:
        sender.end()
    assert await asyncio.gather(*asked) == [bytes(LIMIT // 2)] * 3
    assert await Sender(bytes(LARGE)).end(bytes(1)).ask(bodies) == bytes(LARGE + 1)


async def test_bodies_that_wait_for_each_other_are_refused_and_not_stuck() -> None:
    bodies = Bodies(LIMIT, 10, held=2 * LIMIT)
    senders = [Sender(bytes(LIMIT // 3)) for _ in range(4)]
    asked = [sender.ask(bodies) for sender in senders]
    await taken(*senders)
    for sender in senders:
        sender.send(bytes(LIMIT // 3))
        sender.end(bytes(LIMIT // 3))
    found = await asyncio.gather(*asked, return_exceptions=True)
    assert {type(each) for each in found} == {bytes, Overloaded}


async def test_what_is_refused_or_cancelled_gives_back_what_it_held() -> None:
    bodies = Bodies(LIMIT, 0.05, held=2 * LIMIT)
    for _ in range(4):
        assert await kind_of(Sender(bytes(LIMIT)).ask(bodies)) is TOO_SLOW
        assert await kind_of(Sender(bytes(LIMIT)).leave().ask(bodies)) is INVALID
        sender = Sender(bytes(LIMIT))
        cancelled = sender.ask(bodies)
        await taken(sender)
        cancelled.cancel()
        with pytest.raises(asyncio.CancelledError):
            await cancelled
    assert await Sender().end(bytes(LIMIT)).ask(bodies) == bytes(LIMIT)
