"""Batches to the HTTP API, a few at a time, each sent again only when that cannot count twice."""

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from threading import Event, Lock, Semaphore

import httpx
import msgspec

from importer.batch import Batch

IN_FLIGHT = 4

_HEADERS = {"content-type": "application/json"}
_TRY_AGAIN = frozenset({HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.TOO_MANY_REQUESTS})
# What the service says in a 503 when the log did not confirm: the views may be in it already.
_UNCONFIRMED = "may or may not be counted"
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
_UNKNOWN = "whether its views were counted is unknown, so it was not sent again"
# Shorter than servers keep an idle connection, or a request could meet its closing.
_LIMITS = httpx.Limits(max_connections=IN_FLIGHT, keepalive_expiry=2.0)


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait, in seconds, for an answer and for a service that is not there."""

    answer: float = 60.0
    first_backoff: float = 0.05
    last_backoff: float = 10.0
    give_up: float = 60.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a batch, in views; `fault` is a sentence when it was not accepted."""

    accepted: int = 0
    unknown: int = 0
    fault: str = ""


class SendingFailed(Exception):
    """A batch was not accepted; the message says why and what to do."""


class _Accepted(msgspec.Struct):
    accepted: int


class _Fault(msgspec.Struct):
    pointer: str = ""
    detail: str = ""


class _Problem(msgspec.Struct):
    detail: str = ""
    errors: list[_Fault] = []


class Sender:
    """Sends batches to `to`; `accepted` and `unknown` are views, complete after `close`.

    Threads, not a loop: a reader that waits for its input must not hold up the answers.
    """

    def __init__(self, to: str, patience: Patience | None = None) -> None:
        self.accepted = 0
        self.unknown = 0
        self._fault = ""
        self._to = to.rstrip("/")
        self._patience = patience or Patience()
        self._client = httpx.Client(timeout=self._patience.answer, limits=_LIMITS)
        self._threads = ThreadPoolExecutor(IN_FLIGHT, thread_name_prefix="send")
        self._free = Semaphore(IN_FLIGHT)
        self._counting = Lock()
        self._stopped = Event()
        self._answered = Event()

    def put(self, batch: Batch) -> None:
        """Send `batch`, waiting while `IN_FLIGHT` are under way. Raises `SendingFailed`."""
        self._free.acquire()
        self._require_no_fault()
        self._threads.submit(self._work, batch.body(), batch.views)

    def finish(self) -> None:
        """Wait until every batch is answered. Raises `SendingFailed`."""
        self._threads.shutdown()
        self._require_no_fault()

    def close(self) -> None:
        """Send nothing more and wait for the answers to what was sent."""
        self._stopped.set()
        self._threads.shutdown()
        self._client.close()

    def _require_no_fault(self) -> None:
        if self._fault:
            raise SendingFailed(self._fault)

    def _work(self, body: bytes, views: int) -> None:
        # Counted here and not where the batch was put: there Ctrl-C may come between any two steps.
        outcome = Outcome(unknown=views, fault=f"a request failed unexpectedly; {_UNKNOWN}")
        try:
            outcome = self._send(body, views)
        finally:
            with self._counting:
                self.accepted += outcome.accepted
                self.unknown += outcome.unknown
                self._fault = self._fault or outcome.fault
            self._free.release()

    def _send(self, body: bytes, views: int) -> Outcome:
        backoff = self._patience.first_backoff
        deadline = time.monotonic() + self._patience.give_up
        while not self._stopped.is_set():
            found = self._try(body, views)
            if isinstance(found, Outcome):
                return found
            delay = max(found.after, backoff)
            if time.monotonic() + delay > deadline:
                limit = f"gave up after {self._patience.give_up:g} s"
                return Outcome(fault=f"{found.fault}; {limit}, nothing of this request was counted")
            self._stopped.wait(delay)
            backoff = min(backoff * 2, self._patience.last_backoff)
        return Outcome(fault="stopped")

    def _try(self, body: bytes, views: int) -> "Outcome | _Again":
        try:
            response = self._client.post(
                f"{self._to}/page-views/multi", content=body, headers=_HEADERS
            )
        except _NOT_SENT as error:
            fault = f"cannot connect to {self._to} ({_reason(error)})"
            if self._answered.is_set():
                return _Again(fault)
            advice = "start the service with `footfall up`, or say with --to where it is"
            return Outcome(fault=f"{fault}: {advice}")
        except httpx.HTTPError as error:
            fault = f"a request to {self._to} got no answer ({_reason(error)}); {_UNKNOWN}"
            return Outcome(unknown=views, fault=fault)
        self._answered.set()
        return self._judge(response, views)

    def _judge(self, response: httpx.Response, views: int) -> "Outcome | _Again":
        status = response.status_code
        if response.is_success:
            return _accepted(response, views)
        fault = f"{self._to} answered {status}{_said(response)}"
        if status in _TRY_AGAIN and _UNCONFIRMED not in response.text:
            return _Again(fault, _retry_after(response))
        if response.is_server_error:
            return Outcome(unknown=views, fault=f"{fault}; {_UNKNOWN}")
        return Outcome(fault=f"{fault}; nothing of this request was counted")


@dataclass(frozen=True, slots=True)
class _Again:
    """Nothing was counted; `after` is how many seconds the service asked to wait."""

    fault: str
    after: float = 0.0


def _accepted(response: httpx.Response, views: int) -> Outcome:
    try:
        accepted = msgspec.json.decode(response.content, type=_Accepted).accepted
    except (msgspec.MsgspecError, UnicodeDecodeError):
        fault = f"{response.url} answered {response.status_code}, but not what Footfall answers"
        return Outcome(unknown=views, fault=f"{fault}; {_UNKNOWN}")
    if accepted == views:
        return Outcome(accepted)
    return Outcome(accepted, fault=f"{accepted:,} of {views:,} views of a request were accepted")


def _said(response: httpx.Response) -> str:
    """The problem's detail and first faults, with a colon in front, if there is any."""
    try:
        problem = msgspec.json.decode(response.content, type=_Problem)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return ""
    faults = [f"{fault.pointer} {fault.detail}" for fault in problem.errors[:3]]
    parts = [part for part in (problem.detail, *faults) if part]
    return "".join(f": {_printable(part)}" for part in parts)


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else "\ufffd" for c in text[:300])


def _reason(error: Exception) -> str:
    return _printable(str(error)) or type(error).__name__


def _retry_after(response: httpx.Response) -> float:
    """Seconds from now, 0 when the header is missing or makes no sense."""
    value = response.headers.get("retry-after", "")
    if value.isascii() and value.isdigit():
        return float(value)
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - time.time())
    except (ValueError, OverflowError):
        return 0.0
