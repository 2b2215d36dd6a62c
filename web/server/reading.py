"""When a connection reads."""

from uvicorn.protocols.http.flow_control import FlowControl


class Reading(FlowControl):
    """uvicorn's, which reads on whenever an application waits for its body, unless it is held."""

    _held = False

    def hold(self) -> None:
        """Read nothing until `release`."""
        self._held = True
        self.pause_reading()

    def release(self) -> None:
        """Go on."""
        self._held = False
        self.resume_reading()

    def resume_reading(self) -> None:
        if self.read_paused and not self._held:
            super().resume_reading()
