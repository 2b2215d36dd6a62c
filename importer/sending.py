"""Batches to the HTTP API, a few at a time, each sent again only when that cannot count twice."""

import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Event, Lock, Semaphore, Thread

from domain.backoff import Backoff
from importer.answers import UNKNOWN, Again, Outcome, Past
from importer.asking import Asker, TooLarge
from importer.batch import Batch, Line
from importer.standing import GoOn, Standing

IN_FLIGHT = 4
# Before the year 1.
_ANY_HOUR = -20_000_000

_BACKOFF = Backoff(first=0.05, last=10.0)


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait, in seconds.

    For the whole of an answer, for a service that is not there, and, `linger`, for more views of a
    batch that is not full.
    """

    answer: float = 60.0
    backoff: Backoff = _BACKOFF
    give_up: float = 60.0
    linger: float = 2.0


class SendingFailed(Exception):
    """A batch was not accepted; the message says why and what to do."""


class Sender:
    """Sends batches to `to`; `accepted`, `unknown` and `past` are views, complete after `close`.

    Hours that the service does not keep are left out of a batch it refused for them; `oldest` is
    then the first hour it takes. A batch that is too large for somebody on the way goes in halves.
    Each is sent with the `key`, where there is one.
    Threads, not a loop: a reader that waits for its input must not hold up the answers.
    """

    def __init__(self, to: str, patience: Patience | None = None, key: str = "") -> None:
        self.accepted = 0
        self.unknown = 0
        self.past = 0
        self.past_lines = 0
        self.oldest = _ANY_HOUR
        self._fault = ""
        self._patience = patience or Patience()
        self._asker = Asker(to.rstrip("/"), self._patience.answer, IN_FLIGHT, key)
        self._threads = ThreadPoolExecutor(IN_FLIGHT, thread_name_prefix="send")
        self._free = Semaphore(IN_FLIGHT)
        self._standing = Standing()
        self._most_bytes = sys.maxsize
        self._counting = Lock()
        self._stopped = Event()
        self._all_answered = Event()

    def put(self, batch: Batch) -> None:
        """Send `batch`, waiting while `IN_FLIGHT` are under way. Raises `SendingFailed`."""
        self._free.acquire()
        self.require_no_fault()
        with self._counting:
            self._standing.put(batch)
        self._threads.submit(self._work, batch)

    def finish(self) -> None:
        """Wait until every batch is answered. Raises `SendingFailed`."""
        self._wait_for_answers()
        self.require_no_fault()

    def close(self) -> None:
        """Send nothing more and wait for the answers to what was sent."""
        self._stopped.set()
        self._wait_for_answers()
        self._asker.close()

    def _wait_for_answers(self) -> None:
        # Not by joining them here: where a signal breaks that off, Python up to 3.12 takes the
        # thread for one that has ended, and whoever waits once more is let through.
        Thread(target=self._join, name="joining", daemon=True).start()
        self._all_answered.wait()

    def _join(self) -> None:
        self._threads.shutdown()
        self._all_answered.set()

    def require_no_fault(self) -> None:
        """Raises `SendingFailed` when a batch was not accepted."""
        if self._fault:
            raise SendingFailed(self._fault)

    def go_on(self, next_line: Line) -> GoOn:
        """Up to where all is confirmed; `next_line` is the first of which nothing was put."""
        with self._counting:
            return self._standing.go_on(next_line)

    def _work(self, batch: Batch) -> None:
        # Counted here and not where the batch was put: there Ctrl-C may come between any two steps.
        outcome = Outcome(unknown=batch.views, fault=f"a request failed unexpectedly; {UNKNOWN}")
        try:
            outcome = self._send_in_parts(batch)
        finally:
            with self._counting:
                self.accepted += outcome.accepted
                self.unknown += outcome.unknown
                self.past += outcome.past
                self.past_lines += outcome.past_lines
                self._fault = self._fault or outcome.fault
                self._standing.ended(batch, outcome)
            self._free.release()

    def _send_in_parts(self, batch: Batch) -> Outcome:
        """Without the hours that are past, in pieces as small as somebody on the way wants them."""
        total = Outcome()
        waiting = [batch]
        while waiting and not total.fault:
            one = waiting.pop()
            kept = one.since(self.oldest)
            total = total.plus(_past(one, kept))
            found = self._send(kept) if kept.views else Outcome()
            match found:
                case Outcome():
                    total = total.plus(found)
                case Past():
                    waiting.append(kept)
                case TooLarge():
                    waiting.extend(reversed(kept.halves()))
        return total

    def _send(self, batch: Batch) -> Outcome | Past | TooLarge:
        """`Past` and `TooLarge` only where it helps to leave something out, or to send halves."""
        body = batch.body()
        if len(body) > self._most_bytes and batch.entries > 1:
            return TooLarge()
        found = self._ask_until_answered(body, batch.views)
        match found:
            case Past() if batch.since(found.oldest).views < batch.views:
                with self._counting:
                    self.oldest = max(self.oldest, found.oldest)
            case TooLarge() if batch.entries > 1:
                # Halves of the next one need not be refused as well.
                self._most_bytes = min(self._most_bytes, len(body) * 3 // 4)
            case TooLarge():
                return Outcome(fault=f"{found.fault}. {_one_entry(len(body))}")
            case Past():
                return Outcome(fault=found.fault)
        return found

    def _ask_until_answered(self, body: bytes, views: int) -> Outcome | Past | TooLarge:
        pause = self._patience.backoff.first
        deadline = time.monotonic() + self._patience.give_up
        while not self._stopped.is_set():
            found = self._asker.ask(body, views)
            if not isinstance(found, Again):
                return found
            delay = max(found.after, pause)
            if time.monotonic() + delay > deadline:
                return Outcome(fault=f"{found.fault}; {self._given_up(found)}")
            self._stopped.wait(delay)
            pause = self._patience.backoff.next(pause)
        return Outcome(fault="stopped")

    def _given_up(self, found: Again) -> str:
        limit = f"{self._patience.give_up:g} s"
        if found.after <= self._patience.give_up:
            why = f"gave up after {limit}"
        else:
            why = f"gave up: it asks to wait {_seconds(found.after)}, and an import waits {limit}"
        return f"{why}, nothing of this request was counted"


def _past(whole: Batch, kept: Batch) -> Outcome:
    return Outcome(past=whole.views - kept.views, past_lines=whole.lines - kept.lines)


def _one_entry(size: int) -> str:
    return (
        f"The views of a single page and hour, {size:,} bytes, are too many for it already: raise "
        "its limit (nginx: client_max_body_size), or send to the service itself"
    )


def _seconds(seconds: float) -> str:
    return f"{seconds:,.0f} s" if seconds < 1e12 else "for ever"
