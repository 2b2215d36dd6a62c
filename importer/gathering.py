"""Views on their way into batches."""

import time

from importer.batch import Batch, Line
from importer.sending import Sender
from importer.views import View


class Gathering:
    """Puts views into batches, and these to `sender`; `counted` are the views so far.

    A batch that is not full is sent after `linger` seconds.
    """

    def __init__(self, sender: Sender, linger: float) -> None:
        self.counted = 0
        self._sender = sender
        self._linger = linger
        self._batch = Batch()
        self._begun = 0.0

    def add(self, view: View, file: str, number: int) -> None:
        """A view that stands in line `number` of `file`. Raises `SendingFailed`."""
        if not self._batch.add(view):
            self.send()
            self._batch.add(view)
        if self._batch.first is None:
            self._batch.first = Line(file, number)
            self._begun = time.monotonic()
        self.counted += view.count

    def send(self) -> None:
        """What there is. Raises `SendingFailed`."""
        if self._batch.views:
            self._sender.put(self._batch)
            self._batch = Batch()

    def send_overdue(self) -> None:
        """What is read slowly is sent all the same. Raises `SendingFailed`."""
        if self._batch.views and time.monotonic() - self._begun > self._linger:
            self.send()

    def not_put(self) -> Line | None:
        """Where the first view stands that is gathered and not put to be sent, None: there is none.

        An interrupt may come between any two steps of these.
        """
        return self._batch.first if self._batch.number is None else None
