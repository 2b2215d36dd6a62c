"""Long answers go out packed to whoever takes that, and are known again either way."""

import gzip

import pytest

from tests.asgi import http_scope
from web.packed import LEAST_BYTES, packed, unpacked_tag
from web.problems import Answer, answer

LONG = answer({"views": list(range(LEAST_BYTES))}, headers=[(b"etag", b'"abc"')])
GZIP = (b"accept-encoding", b"gzip, br")


async def sent(found: Answer, *headers: tuple[bytes, bytes]) -> Answer:
    return await packed(http_scope("GET", b"/stats/views", list(headers)), found)


def told(found: Answer, name: bytes) -> list[bytes]:
    return [value for key, value in found.headers if key == name]


@pytest.mark.parametrize("numbers", [LEAST_BYTES, 100_000])
async def test_a_long_answer_is_packed_for_who_takes_it(numbers: int) -> None:
    plain = answer(list(range(numbers)), headers=[(b"etag", b'"abc"')])
    found = await sent(plain, GZIP)
    assert gzip.decompress(found.body) == plain.body
    assert len(found.body) < len(plain.body) / 2
    assert found.media_type == plain.media_type
    assert told(found, b"content-encoding") == [b"gzip"]
    assert told(found, b"vary") == [b"accept-encoding"]
    assert told(found, b"etag") == [b'"abc-gzip"']


@pytest.mark.parametrize(
    "headers", [[], [(b"accept-encoding", b"br")], [(b"accept-encoding", b"gzip;q=0")]]
)
async def test_who_does_not_take_it_gets_it_as_it_is(headers: list[tuple[bytes, bytes]]) -> None:
    found = await sent(LONG, *headers)
    assert found.body == LONG.body
    assert told(found, b"content-encoding") == []
    # Whatever keeps answers has to know that others get another one.
    assert told(found, b"vary") == [b"accept-encoding"]
    assert told(found, b"etag") == [b'"abc"']


@pytest.mark.parametrize(
    "plain",
    [
        answer({"views": 1}),
        Answer(200, b"x" * 2 * LEAST_BYTES, b"image/png"),
        Answer(200, b"x" * 2 * LEAST_BYTES, headers=[(b"content-encoding", b"gzip")]),
    ],
    ids=["short", "of a kind that is packed", "packed already"],
)
async def test_some_answers_are_left_alone(plain: Answer) -> None:
    assert await sent(plain, GZIP) == plain


@pytest.mark.parametrize("held", [b'"abc"', b'"abc-gzip"', b'W/"abc-gzip", "x"'])
async def test_what_is_held_is_named_as_it_was_sent(held: bytes) -> None:
    unchanged = Answer(304, b"", headers=[(b"etag", b'"abc"')])
    found = await sent(unchanged, GZIP, (b"if-none-match", held))
    assert told(found, b"etag")[0] in held
    assert unpacked_tag(told(found, b"etag")[0]) == b'"abc"'
    # What keeps the answer takes these headers for it, and has others than packed ones to serve.
    assert told(found, b"vary") == [b"accept-encoding"]
