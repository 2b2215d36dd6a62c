"""One question to the service, and what its answer, or that there is none, means."""

import os
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from threading import Event

import httpx

from domain.shown import without_password
from importer.answers import UNKNOWN, Again, Outcome, Past, is_too_large, judge, reason
from importer.posting import Poster

_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


@dataclass(frozen=True, slots=True)
class TooLarge:
    """Nothing was counted, for the body has more bytes than somebody on the way takes."""

    fault: str = ""


class Asker:
    """Sends bodies to `to`, from any thread; `seconds` are for one and the whole of its answer.

    With a `key` where the service asks for one.
    """

    def __init__(self, to: str, seconds: float, connections: int, key: str = "") -> None:
        self._shown = without_password(to)
        self._seconds = seconds
        self._poster = Poster(to, seconds, connections, key)
        self._answered = Event()

    def close(self) -> None:
        """Close the connections."""
        self._poster.close()

    def ask(self, body: bytes, views: int) -> Outcome | Again | Past | TooLarge:
        """What became of the views in `body`."""
        try:
            response = self._poster.post(body)
        except _NOT_SENT as error:
            return self._not_connected(error)
        except (httpx.HTTPError, TimeoutError) as error:
            fault = f"a request to {self._shown} got no answer ({self._why(error)}); {UNKNOWN}"
            return Outcome(unknown=views, fault=fault)
        self._answered.set()
        found = judge(self._shown, response, views)
        return TooLarge(found.fault) if is_too_large(response) else found

    def _not_connected(self, error: httpx.HTTPError) -> Outcome | Again:
        fault = f"cannot connect to {self._shown} ({reason(_cause(error))})"
        if self._answered.is_set():
            return Again(fault)
        if _is_of_tls(error):
            advice = (
                "nothing was sent. Does it speak https, with a certificate that this machine "
                "trusts (SSL_CERT_FILE names others)?"
            )
        else:
            advice = "start the service with `footfall up`, or say with --to where it is"
        return Outcome(fault=f"{fault}: {advice}")

    def _why(self, error: Exception) -> str:
        if isinstance(error, TimeoutError | httpx.TimeoutException):
            return f"not whole within {self._seconds:g} s"
        return reason(_cause(error))


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """The error and what led to it; of several at once the first."""
    while error is not None:
        yield error
        first = error.exceptions[0] if isinstance(error, BaseExceptionGroup) else None
        error = first or error.__cause__ or error.__context__


def _is_of_tls(error: BaseException) -> bool:
    return any(isinstance(cause, ssl.SSLError) for cause in _causes(error))


def _cause(error: Exception) -> Exception:
    """As the system says it, where it does; the library says only that it tried."""
    for cause in _causes(error):
        if isinstance(cause, OSError) and cause.errno and cause.errno > 0:
            return cause if isinstance(cause, ssl.SSLError) else OSError(os.strerror(cause.errno))
    return error
