"""Batches to the HTTP API, a few at a time, each sent again only when that cannot count twice."""

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from threading import Event, Lock, Semaphore

import httpx

from domain.backoff import Backoff
from importer.answers import UNKNOWN, Again, Outcome, Past, judge, reason
from importer.batch import Batch

IN_FLIGHT = 4
# Before the year 1.
_ANY_HOUR = -20_000_000

_BACKOFF = Backoff(first=0.05, last=10.0)
_HEADERS = {"content-type": "application/json"}
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
# Shorter than servers keep an idle connection, or a request could meet its closing.
_LIMITS = httpx.Limits(max_connections=IN_FLIGHT, keepalive_expiry=2.0)


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait, in seconds, for an answer and for a service that is not there."""

    answer: float = 60.0
    backoff: Backoff = _BACKOFF
    give_up: float = 60.0


class SendingFailed(Exception):
    """A batch was not accepted; the message says why and what to do."""


class Sender:
    """Sends batches to `to`; `accepted`, `unknown` and `past` are views, complete after `close`.

    Hours that the service does not keep are left out of a batch it refused for them; `oldest` is
    then the first hour it takes. Threads, not a loop: a reader that waits for its input must not
    hold up the answers.
    """

    def __init__(self, to: str, patience: Patience | None = None) -> None:
        self.accepted = 0
        self.unknown = 0
        self.past = 0
        self.past_lines = 0
        self.oldest = _ANY_HOUR
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
        self._threads.submit(self._work, batch)

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

    def _work(self, batch: Batch) -> None:
        # Counted here and not where the batch was put: there Ctrl-C may come between any two steps.
        outcome = Outcome(unknown=batch.views, fault=f"a request failed unexpectedly; {UNKNOWN}")
        try:
            outcome = self._send_kept(batch)
        finally:
            with self._counting:
                self.accepted += outcome.accepted
                self.unknown += outcome.unknown
                self.past += outcome.past
                self.past_lines += outcome.past_lines
                self._fault = self._fault or outcome.fault
            self._free.release()

    def _send_kept(self, batch: Batch) -> Outcome:
        """Without the hours that are known or turn out to be past."""
        found: Outcome | Past = Past(self.oldest)
        left = batch
        while isinstance(found, Past):
            with self._counting:
                self.oldest = max(self.oldest, found.oldest)
            left = left.since(found.oldest)
            found = self._send(left.body(), left.views) if left.views else Outcome()
            if isinstance(found, Past) and left.since(found.oldest).views == left.views:
                # It names an hour, but none of these is older.
                found = Outcome(fault=found.fault)
        past, lines = batch.views - left.views, batch.lines - left.lines
        return replace(found, past=past, past_lines=lines)

    def _send(self, body: bytes, views: int) -> Outcome | Past:
        backoff = self._patience.backoff.first
        deadline = time.monotonic() + self._patience.give_up
        while not self._stopped.is_set():
            found = self._try(body, views)
            if not isinstance(found, Again):
                return found
            delay = max(found.after, backoff)
            if time.monotonic() + delay > deadline:
                limit = f"gave up after {self._patience.give_up:g} s"
                return Outcome(fault=f"{found.fault}; {limit}, nothing of this request was counted")
            self._stopped.wait(delay)
            backoff = self._patience.backoff.next(backoff)
        return Outcome(fault="stopped")

    def _try(self, body: bytes, views: int) -> Outcome | Again | Past:
        try:
            response = self._client.post(
                f"{self._to}/page-views/multi", content=body, headers=_HEADERS
            )
        except _NOT_SENT as error:
            fault = f"cannot connect to {self._to} ({reason(error)})"
            if self._answered.is_set():
                return Again(fault)
            advice = "start the service with `footfall up`, or say with --to where it is"
            return Outcome(fault=f"{fault}: {advice}")
        except httpx.HTTPError as error:
            fault = f"a request to {self._to} got no answer ({reason(error)}); {UNKNOWN}"
            return Outcome(unknown=views, fault=fault)
        self._answered.set()
        return judge(self._to, response, views)
