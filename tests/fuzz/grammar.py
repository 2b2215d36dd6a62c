"""Almost what clients send: bytes choose from shapes, so that another byte is another shape.

A byte 0, and the end of the bytes, choose what is plain and ends, so that every choice is finite.
"""

from collections.abc import Callable, Sequence

from tests.fuzz import GRAMMAR

_ODD, _RARE = 192, 240

# fmt: off
_DATES = (
    b"2025-07-16", b"2025-07-15", b"0001-01-01", b"9999-12-31", b"2024-02-29", b"2025-02-29",
    b"2025-W29-3", b"2025-197", b"20250716", b"0000-00-00", b"2025-13-01", b"-2025-07-16",
)
_MARKS = (
    b"T", b"t", b"_", b" ", b"", b"TT", b"x", b"\xc2\xa0", b"+",
)
_CLOCKS = (
    b"10:00:00", b"10:00", b"10", b"100000", b"1000", b"09:59:60", b"23:59:60", b"24:00:00",
    b"10:00:61", b"10:60", b"100", b"10:00:001", b"10:00:00:15", b"10:", b"1\xd9\xa3:00", b"",
)
_FRACTIONS = (
    b"", b".5", b",25", b".123456789", b".00000000000000000000", b".", b".-1", b".9999999",
)
_ZONES = (
    b"Z", b"z", b"", b"+00:00", b"+02", b"-0230", b"+02:00:30", b"+23:59", b"-23:59:59.999999",
    b"+24:00", b"+02:60", b"x+00:00", b"Q", b" Z", b"ZZ", b"+2", b"%2B02:00",
    b"\xe2\x88\x9202:00",
)
_PAGES = (
    b"a", b"example.com/page", b"\xc3\xa9", b"\\u0061", b"", b"b/~c", b"\\u00e9",
    b"\\ud83d\\ude00", b"\xf0\x9f\x98\x80", b"\\ud800", b"\\u0000", b"\\u0085", b"\\n", b"\\\"",
    b"\\x", b"\x01", b"\xff", b"\xed\xa0\x80", b"x" * 2_048, b"\xc3\xa9" * 1_100, b"page",
    b"timestamp",
)
_AGENTS = (
    *(b"curl/8.5.0", b"Java/17", b"Mozilla/5.0 (compatible; Googlebot/2.1; +http://a.b/bot.html)"),
    b"Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/126.0.0.0 Safari/537.36",
    *(b"-", b"", b"a" * 5_000, b"\\u0000", b"\\ud800", b"((((", b"\xc3\xa9"),
    b"Chrome/126 (Windows)",
)
_COUNTS = (
    b"1", b"7", b"1000000000", b"0", b"-0", b"-1", b"1.0", b"1e2", b"1000000001", b"true",
    b"null", b'"1"', b"9" * 30, b"9" * 5_000, b"1e400", b"NaN", b"Infinity", b"01", b"+1", b"[]",
    b"{}",
)
_SPACES = (
    b"", b" ", b"\n\t\r ", b"\x0c", b"\x00", b"\xc2\xa0", b"/**/",
)
_NAMES = (
    b"page", b"now", b"order", b"take", b"agent", b"y", b"p%61ge", b"page[]", b"", b"\xc3\xa9",
)
_VALUES = (
    b"a", b"asc", b"desc", b"robot", b"1", b"24", b"25", b"0", b"-1", b"", b"%C3%A9", b"%ff",
    b"%00", b"%", b"%zz", b"\xc3\xa9", b"a%26y=1", b"a+b", b"9" * 5_000, b"%D9%A3", b"x" * 2_049,
    b"%ED%A0%80",
)
_ASKED = {
    b"page": (b"a", b"example.com/page", b"%C3%A9"), b"prefix": (b"example.com/", b"a"),
    b"site": (b"example.com", b"", b"a/b"),
    b"period": (b"7d", b"24h", b"today", b"30d", b"month", b"12mo", b"all", b"7", b"ALL"),
    b"from": (), b"to": (), b"unit": (b"hour", b"day", b"week", b"month", b"year"),
    b"tz": (
        b"Europe/Berlin", b"UTC", b"Asia/Kathmandu", b"Australia/Lord_Howe", b"Pacific/Apia",
        b"europe/berlin", b"../zone.tab", b"", b"zone.tab", b"America", b"Etc/GMT+12",
    ),
    b"compare": (b"previous", b"year", b"next"), b"order": (b"views", b"change", b"page", b"site"),
    b"search": (b"a", b"%", b"_", b"%25"), b"limit": (b"1", b"10", b"1000", b"0", b"1001"),
    b"cursor": (b"lQPNAn-tc2hvcC5leGFtcGxlL84AB5y9xAg_Zt0ZR2jeZw", b"x", b""),
    b"trend": (b"1", b"24", b"100", b"101"), b"format": (b"json", b"xml"),
    b"agent": (b"person", b"robot", b"unknown", b"all", b"ALL", b""),
    b"source": (b"a", b"", b"%00"),
    b"min-position": (b"1kgCQ", b"2kgCQ", b"1kgCQ=", b""), b"wait": (b"0", b"2.5", b"10.1", b"-1"),
}
# fmt: on


class Choices:
    """Bytes that are used up one by one."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def byte(self) -> int:
        """The next, 0 after the last."""
        self._at += 1
        return self._data[self._at - 1] if self._at <= len(self._data) else 0

    def of(self, options: Sequence[bytes], plain: int = 1) -> bytes:
        """One of `options`, mostly of the first `plain` of them."""
        byte = self.byte()
        return options[byte % (len(options) if byte >= _ODD else plain)]

    def more(self) -> bool:
        """Another one of a list?"""
        return self.byte() % 4 > 0

    def rarely(self) -> bool:
        """Something odd?"""
        return self.byte() >= _RARE

    def some(self) -> bytes:
        """A few of the bytes as they are."""
        size = self.byte() % 16
        self._at += size
        return self._data[self._at - size : self._at]


def raw(data: bytes) -> bytes:
    """What makes `made` give `data` as it is."""
    return b"\x00" + data


def made(data: bytes, shape: Callable[[Choices], bytes]) -> bytes:
    """The rest of `data` as it is, or what it chooses of `shape`."""
    if data[:1] < GRAMMAR:
        return data[1:]
    choices = Choices(data[1:])
    return _spoiled(choices, shape(choices))


def moment(choices: Choices) -> bytes:
    """A timestamp, or nearly one."""
    parts = ((_DATES, 2), (_MARKS, 4), (_CLOCKS, 6), (_FRACTIONS, 5), (_ZONES, 5))
    return b"".join(choices.of(part, plain) for part, plain in parts) + _oddly(choices)


def text(choices: Choices) -> bytes:
    """What stands between quotes: a page, or nearly one."""
    return choices.of(_PAGES, 4) + _oddly(choices)


def agent(choices: Choices) -> bytes:
    """What stands between quotes: a user agent, or nearly one."""
    return choices.of(_AGENTS, 4) + _oddly(choices)


def count(choices: Choices) -> bytes:
    """A count, or nearly one; rarely something nested."""
    if choices.rarely():
        return nested(choices)
    return choices.of(_COUNTS, 3)


def by_agent(choices: Choices) -> bytes:
    """Counts by user agent, or nearly such."""
    return members(choices, lambda choices: b'"' + agent(choices) + b'":' + count(choices))


def nested(choices: Choices) -> bytes:
    """Brackets in brackets, closed or not."""
    opening, closing = [(b"[", b"]"), (b'{"a":', b"}"), (b'[{"a":[', b"]}]")][choices.byte() % 3]
    depth = (1, 3, 990, 1_100, 20_000)[choices.byte() % 5]
    return opening * depth + choices.of((b"", b"1")) + closing * (depth * (choices.byte() % 2))


def members(choices: Choices, one: Callable[[Choices], bytes]) -> bytes:
    """An object of as many as are chosen, or nearly one."""
    found = []
    while choices.more():
        found.append(one(choices))
    if found and choices.rarely():
        found.append(found[0])
    return b"{" + choices.of((b",", b" ,\n")).join(found) + (b",}" if choices.rarely() else b"}")


def multi(choices: Choices) -> bytes:
    """A body of /page-views/multi."""

    def counted(choices: Choices) -> bytes:
        views = by_agent(choices) if choices.byte() % 4 == 1 else count(choices)
        return b'"' + moment(choices) + b'":' + _space(choices) + views

    def page(choices: Choices) -> bytes:
        inside = count(choices) if choices.rarely() else members(choices, counted)
        return b'"' + text(choices) + b'"' + _space(choices) + b":" + inside

    return nested(choices) if choices.rarely() else members(choices, page)


def single(choices: Choices) -> bytes:
    """A body of /page-views/single."""

    def value(choices: Choices) -> bytes:
        if choices.rarely():
            return count(choices)
        return b'"' + (text, moment, agent)[choices.byte() % 3](choices) + b'"'

    def member(choices: Choices) -> bytes:
        return (
            b'"'
            + choices.of((b"page", b"timestamp", b"user_agent", b"p\\u0061ge", b"x"), 3)
            + b'":'
            + value(choices)
        )

    if choices.byte() % 2:
        return members(choices, member)
    sent = b'","user_agent":"' + agent(choices) if choices.byte() % 2 else b""
    return b'{"page":"' + text(choices) + b'","timestamp":"' + moment(choices) + sent + b'"}'


def query(choices: Choices) -> bytes:
    """A query string of /report."""
    found = [b"page=a"] if choices.byte() % 2 else []
    while choices.more():
        value = moment(choices) if choices.byte() % 2 else choices.of(_VALUES, 5)
        found.append(
            choices.of(_NAMES, 4) + choices.of((b"=", b"", b"==")) + value + _oddly(choices)
        )
    return choices.of((b"&", b";", b"&&")).join(found)


def stats_query(choices: Choices) -> bytes:
    """A query string of statistics: mostly a value that fits its name."""
    found = []
    while choices.more():
        name = choices.of(tuple(_ASKED), len(_ASKED))
        fitting = _ASKED[name] or (moment(choices), choices.of(_DATES, 4))
        odd = choices.rarely()
        value = choices.of(_VALUES if odd else fitting, len(_VALUES if odd else fitting))
        found.append(name + choices.of((b"=", b"", b"==")) + value + _oddly(choices))
    return choices.of((b"&", b";", b"&&")).join(found)


def batch(choices: Choices) -> bytes:
    """A message of the log."""

    def event(choices: Choices) -> bytes:
        at = choices.of((b"1752660000000", b"0", b"-62135596800001", b"253402300799999", b"1.0"))
        return (
            b'["'
            + text(choices)
            + b'",'
            + at
            + b","
            + count(choices)
            + choices.of((b"]", b",1]", b""))
        )

    head = [
        choices.of((b"1", b"2", b"99", b"100", b"0", b"-1", b"1.0", b"true", b"9" * 5_000, b"01"))
    ]
    head.append(b'"' + choices.of((b"p1", b"", b"\\u0070", b"\xc3\xa9", b"p" * 65)) + b'"')
    head += [count(choices) for _ in range(3)]
    found = []
    while choices.more():
        found.append(event(choices))
    body = [*head, b"[" + b",".join(found) + b"]"]
    if choices.byte() % 2:
        body.append(members(choices, table))
    return b"[" + b",".join(body) + choices.of((b"]", b",0]", b""))


def table(choices: Choices) -> bytes:
    """A table of a message of the log, with its name."""
    name = choices.of((b"agent", b"\\u0061gent", b"source", b"!guard", b"!seen", b"", b"\xff"), 4)
    kept = choices.of((b"label", b"full", b"class", b"a_new_one", b"LABEL", b""), 3)
    texts, of = [], []
    while choices.more():
        texts.append(b'"' + text(choices) + b'"')
        of.append(choices.of((b"0", b"null", b"1", b"499", b"500", b"-1", b"1.0"), 2))
    if name == b"!guard":
        most = choices.of((b"1", b"1250", b"0", b"-1", b"1000000001", b"1.0"), 2)
        flags = b",".join(choices.of((b"1", b"0", b"2", b"null"), 2) for _ in of)
        column = b',"of":[%b]' % flags if choices.byte() % 2 else b""
        return b'"!guard":{"new_pages":%b%b}' % (most, column)
    inside = b'{"kept":"%b","data":"1","texts":[%b],"of":[%b]' % (
        kept,
        b",".join(texts),
        b",".join(of),
    ) + choices.of((b"}", b',"more":[{}]}', b',"of":[]}', b"", b',"more":\xff}'), 2)
    return b'"' + name + b'":' + (count(choices) if choices.rarely() else inside)


def _space(choices: Choices) -> bytes:
    return choices.of(_SPACES) if choices.rarely() else b""


def _oddly(choices: Choices) -> bytes:
    return choices.some() if choices.rarely() else b""


def _spoiled(choices: Choices, body: bytes) -> bytes:
    match choices.byte():
        case 255:
            return b"\xef\xbb\xbf" + body
        case 254:
            return body[: -1 - choices.byte() % 8]
        case 253:
            return body + choices.some()
        case 252:
            return body.decode("latin-1").encode("utf-16")
        case 251:
            return b" " + body + b"\r\n"
    return body
