"""From the parts of a format string to what reads a line by them, in time linear to its length."""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from importer.formats.format_fields import Field, FormatFault, Kind, Token
from importer.formats.format_time import are_enough

_NAMED = re.compile(rb"\(\?P<(\w+)>")
_ANYTHING = b".*?"
_WITHIN = rb'[^"\\]*+(?:\\.[^"\\]*+)*+'
# With nothing between them a path begins where a host cannot go on.
_HOST_OF_ADDRESS = rb"[^\s/\"]{0,260}+"
_GROUPS = {
    Kind.REQUEST: "request",
    Kind.METHOD: "method",
    Kind.TARGET: "target",
    Kind.JOINED: "joined",
    Kind.PATH: "path",
    Kind.QUERY: "query",
    Kind.ARGS: "args",
    Kind.HOST: "host",
    Kind.STATUS: "status",
}
_TARGETS = {"target", "path", "joined"}
_WAYS = (
    (Kind.REQUEST,),
    (Kind.METHOD, Kind.TARGET),
    (Kind.METHOD, Kind.JOINED),
    (Kind.METHOD, Kind.PATH, Kind.QUERY),
    (Kind.METHOD, Kind.PATH, Kind.ARGS),
    (Kind.METHOD, Kind.PATH),
)
_LACKS_REQUEST = (
    "it has no request: $request or $request_method with $request_uri of nginx, "
    "%r or %m with %U of Apache"
)
_LACKS_STATUS = "it has no status: $status of nginx, %>s of Apache"
_LACKS_TIME = (
    "it has no date with a time: $time_local, $time_iso8601 or $msec of nginx, "
    "%t or %{%d/%b/%Y %T}t of Apache"
)


class Pattern(NamedTuple):
    """`first` reads a line up to the last thing that a view needs, `again` what follows that.

    `moment` are the groups that tell the moment. A line has a second record only where it has
    `mark` more than `marks` times. `agent` reads the user agent from where the group `here` of
    `first` stands; None where there is none, or `first` has read it.
    """

    first: re.Pattern[bytes]
    again: re.Pattern[bytes]
    agent: re.Pattern[bytes] | None
    moment: tuple[str, ...]
    mark: bytes
    marks: int


def pattern_of(tokens: Sequence[Token]) -> Pattern:
    """Raises `FormatFault` where a view's parts are missing, or cannot be told apart."""
    tokens = [*_in_one(tokens)]
    needed = _needed(tokens)
    _require_boundaries(tokens, needed)
    steps, moment = _steps(tokens, needed)
    if not are_enough(frozenset(moment)):
        raise FormatFault(_LACKS_TIME)
    anywhere = [_ANYTHING + steps[0], *steps[1:]]
    mark, marks = _mark(tokens)
    return Pattern(_compiled(steps), _compiled(anywhere), _agent(tokens), moment, mark, marks)


def _agent(tokens: Sequence[Token]) -> re.Pattern[bytes] | None:
    """A line that was cut before or within the user agent is a view all the same: apart it is
    read, where all else was found.
    """
    place = _agent_place(tokens)
    last = max(_needed(tokens))
    if place is None or place < last:
        return None
    steps, _ = _steps(tokens[last + 1 :], {place - last - 1: "agent"})
    before = tokens[place - 1]
    if isinstance(before, bytes) and before.endswith(b'"'):
        # Its own quotation marks are escaped.
        steps = [step.replace(b"(?P<agent>" + _ANYTHING, b"(?P<agent>" + _WITHIN) for step in steps]
    return _compiled(steps)


def _agent_place(tokens: Sequence[Token]) -> int | None:
    """Where the user agent stands, with something around it that tells where it ends."""
    for place, token in enumerate(tokens):
        if isinstance(token, Field) and token.kind is Kind.AGENT:
            around = [*tokens[max(place - 1, 0) : place], *tokens[place + 1 : place + 2]]
            return place if not any(isinstance(one, Field) for one in around) else None
    return None


def _compiled(steps: Sequence[bytes]) -> re.Pattern[bytes]:
    # Each step is done once and not come back to: that is what keeps the time linear.
    return re.compile(b"".join(b"(?>" + step + b")" for step in steps), re.DOTALL)


def _in_one(tokens: Sequence[Token]) -> Iterator[Token]:
    """The tokens, those of a path with its query behind it as one target."""
    rest = [*tokens]
    while rest:
        length = _target_length(rest)
        if length:
            parts, rest = rest[:length], rest[length:]
            yield Field("".join(map(_written, parts)), Kind.JOINED)
        else:
            yield rest.pop(0)


def _target_length(tokens: Sequence[Token]) -> int:
    kinds = [token.kind if isinstance(token, Field) else token for token in tokens[:3]]
    if kinds[:2] == [Kind.PATH, Kind.QUERY]:
        return 2
    is_mark = len(kinds) == 3 and (
        kinds[1] == b"?" or _written(tokens[1]).strip("${}") == "is_args"
    )
    return 3 if is_mark and kinds[0] is Kind.PATH and kinds[2] is Kind.ARGS else 0


def _written(token: Token) -> str:
    return token.written if isinstance(token, Field) else token.decode("utf-8", "replace")


def _needed(tokens: Sequence[Token]) -> dict[int, str]:
    """The places of the fields that views are told by, and what they are called."""
    best: dict[Kind, int] = {}
    for place, token in enumerate(tokens):
        if isinstance(token, Field) and token.kind not in {Kind.TEXT, Kind.TIME, Kind.AGENT}:
            other = best.get(token.kind)
            if other is None or token.rank < _rank(tokens, other):
                best[token.kind] = place
    if Kind.STATUS not in best:
        raise FormatFault(_LACKS_STATUS)
    way = next((way for way in _WAYS if best.keys() >= set(way)), None)
    if way is None:
        raise FormatFault(_LACKS_REQUEST)
    kinds = {*way, Kind.STATUS, Kind.HOST} & best.keys()
    times = [i for i, token in enumerate(tokens) if _is_time(token)]
    if not times:
        raise FormatFault(_LACKS_TIME)
    return {best[kind]: _GROUPS[kind] for kind in kinds} | dict.fromkeys(times, "")


def _rank(tokens: Sequence[Token], place: int) -> int:
    token = tokens[place]
    return token.rank if isinstance(token, Field) else 0


def _is_time(token: Token) -> bool:
    return isinstance(token, Field) and token.kind is Kind.TIME


def _require_boundaries(tokens: Sequence[Token], needed: dict[int, str]) -> None:
    for place, (one, other) in enumerate(pairwise(tokens)):
        if not (isinstance(one, Field) and isinstance(other, Field)):
            continue
        role, next_role = needed.get(place), needed.get(place + 1)
        is_address = role == "host" and next_role in _TARGETS
        is_open = not one.look or role in {"host", "method"}
        is_unclear = is_open and (role is not None or next_role is not None)
        if is_unclear and not is_address and not (role is None and _is_time(other)):
            raise FormatFault(
                f"nothing tells where {one.written} ends and {other.written} begins: it needs a "
                "character between them"
            )


def _steps(tokens: Sequence[Token], needed: dict[int, str]) -> tuple[list[bytes], tuple[str, ...]]:
    """Regular expressions to be matched one after another, and their groups of the moment.

    Each begins with what may be anything, if it does, and goes on with what is short.
    """
    steps, step, groups = [], b"", dict[str, None]()
    last = max(needed)
    agent = _agent_place(tokens)
    if agent is not None and agent < last:
        needed = {**needed, agent: "agent"}
    for place, token in enumerate(tokens[: last + 1]):
        role = needed.get(place)
        if isinstance(token, bytes):
            step += re.escape(token)
        elif token.look:
            step += _short(token, role, tokens[place + 1 :], groups)
        else:
            steps.append(step)
            step = _group(role, _ANYTHING)
    steps.append(step + b"(?P<here>)" + _end(tokens[last], tokens[last + 1 :]))
    return steps, tuple(groups)


def _short(
    token: Field, role: str | None, after: Sequence[Token], groups: dict[str, None]
) -> bytes:
    if token.kind is Kind.TIME:
        return _first_named(token.look, groups)
    is_address = role == "host" and after and isinstance(after[0], Field)
    return _group(role, _HOST_OF_ADDRESS if is_address else token.look)


def _group(role: str | None, look: bytes) -> bytes:
    return b"(?P<%s>%s)" % (role.encode(), look) if role else b"(?:%s)" % look


def _first_named(look: bytes, groups: dict[str, None]) -> bytes:
    """The first of each name in the whole string is taken, the others are only looked at."""

    def named(found: re.Match[bytes]) -> bytes:
        name = found[1].decode()
        if name in groups:
            return b"(?:"
        groups[name] = None
        return found[0]

    return _NAMED.sub(named, look)


def _end(last: Token, tail: Sequence[Token]) -> bytes:
    """What tells that the last thing needed is whole; what follows it may be cut off."""
    literal = tail[0] if tail and isinstance(tail[0], bytes) else b""
    is_free = isinstance(last, Field) and not last.look
    if not literal:
        return b"" if tail else rb"\Z" if is_free else rb"(?=\s*\Z)"
    # Blanks alone are not looked at again and again from each of them.
    cut = literal.rstrip()
    end = re.escape(cut) + rb"\s*\Z" if cut else rb"\Z"
    if is_free:
        return b"(?:%s%s|%s)" % (re.escape(literal), _beginning(tail[1:]), end)
    return b"(?=%s|%s|\\s*\\Z)" % (re.escape(literal), end)


def _beginning(tail: Sequence[Token]) -> bytes:
    token = tail[0] if tail else b""
    is_number = isinstance(token, Field) and token.kind in {Kind.TEXT, Kind.STATUS} and token.look
    return b"(?:%s)" % token.look if is_number and isinstance(token, Field) else b""


def _mark(tokens: Sequence[Token]) -> tuple[bytes, int]:
    """What stands in front of the time, and how often in a line at least."""
    place = next(place for place, token in enumerate(tokens) if _is_time(token))
    time, before = tokens[place], tokens[place - 1] if place else b""
    if not isinstance(before, bytes) or not isinstance(time, Field):
        return b"", 0
    has_bracket = time.look.startswith(rb"\[")
    mark = before + b"[" * has_bracket
    literals = b"\0".join(token for token in tokens if isinstance(token, bytes))
    return mark, literals.count(mark) + has_bracket
