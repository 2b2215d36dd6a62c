"""One question to the service, and what its answer, or that there is none, means."""

import ssl
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
    """Sends bodies to `to`, from any thread; `seconds` are for one and the whole of its answer."""

    def __init__(self, to: str, seconds: float, connections: int) -> None:
        self._shown = without_password(to)
        self._seconds = seconds
        self._poster = Poster(to, seconds, connections)
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
        fault = f"cannot connect to {self._shown} ({reason(error)})"
        if self._answered.is_set():
            return Again(fault)
        if _is_of_tls(error):
            advice = "nothing was sent: --to names an https service whose certificate is trusted"
        else:
            advice = "start the service with `footfall up`, or say with --to where it is"
        return Outcome(fault=f"{fault}: {advice}")

    def _why(self, error: Exception) -> str:
        if isinstance(error, TimeoutError | httpx.TimeoutException):
            return f"not whole within {self._seconds:g} s"
        return reason(error)


def _is_of_tls(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLError):
            return True
        error = error.__cause__ or error.__context__
    return False
