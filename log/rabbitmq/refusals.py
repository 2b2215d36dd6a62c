"""Why there is no connection to a node: what its answer means, and what to do."""

import asyncio
from collections.abc import Iterator

from aiormq.exceptions import AMQPError, AuthenticationError, ProbableAuthenticationError
from pamqp.commands import Connection
from yarl import URL

from domain.errors import LogUnavailable
from domain.setting_values import virtual_host
from log.rabbitmq.tls import refused

_NOT_ALLOWED = 530
_CLOSED = (asyncio.IncompleteReadError, StopAsyncIteration, ConnectionResetError)


def why_not(error: LogUnavailable, refusal: Connection.Close | None, node: URL) -> str:
    """In words for the operator; `refusal` is what the broker said before it closed."""
    causes = list(_causes(error))
    if any(isinstance(c, ProbableAuthenticationError | AuthenticationError) for c in causes):
        return (
            f"the user {node.user or 'guest'!r} of RABBITMQ_URL is refused, or its password; guest "
            f"may only come from the broker's own machine ({causes[0]})"
        )
    if refusal is not None:
        return _refused(refusal, node)
    for cause in causes:
        if found := refused(cause, node.host or ""):
            return found
    return _unspoken(error, causes, node)


def _causes(error: BaseException) -> Iterator[BaseException]:
    while (cause := error.__cause__) is not None:
        yield cause
        error = cause


def _refused(refusal: Connection.Close, node: URL) -> str:
    if refusal.reply_code != _NOT_ALLOWED:
        return f"it closed the connection: {refusal.reply_text}"
    return (
        f"the virtual host {virtual_host(str(node))!r} of RABBITMQ_URL is refused: "
        f"{refusal.reply_text} (rabbitmqctl list_vhosts, add_vhost, set_permissions)"
    )


def _unspoken(error: LogUnavailable, causes: list[BaseException], node: URL) -> str:
    for cause in causes:
        if isinstance(cause, TimeoutError):
            return "no answer in time"
        if isinstance(cause, OSError) and cause.strerror and not isinstance(cause, _CLOSED):
            return cause.strerror
    if any(isinstance(cause, _CLOSED) for cause in causes):
        wants = node.scheme == "amqps" and "certfile" not in node.query
        asked = ", does it want a client certificate (?certfile=...&keyfile=...)" if wants else ""
        return (
            "what listens there closed the connection in the middle of the greeting: is a broker "
            f"behind it, is this its port for AMQP{asked}?"
        )
    if any(isinstance(cause, AMQPError) for cause in causes):
        return f"what listens there does not speak AMQP: {causes[0]}"
    return str(error).removeprefix("RabbitMQ: ")
