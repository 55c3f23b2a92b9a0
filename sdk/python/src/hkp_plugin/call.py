"""The request at hand, which follows the code through tasks and threads into log lines and calls of the host."""

from __future__ import annotations

import time
from contextvars import ContextVar
from dataclasses import dataclass

__all__ = ["Call", "current", "current_call"]


@dataclass(slots=True)
class Call:
    """What of a request concerns the code that works for it."""

    request_id: str
    traceparent: str = ""
    deadline: float | None = None
    """On the clock of ``time.monotonic``."""
    finished: bool = False
    """The handler has returned: what it has started and left running works for nobody's request, and has no deadline of it."""

    @property
    def trace_id(self) -> str:
        """The 32 digits of the trace; empty when the request is not traced."""
        parts = self.traceparent.split("-")
        return parts[1] if len(parts) >= 4 and len(parts[1]) == 32 else ""

    @property
    def fields(self) -> dict[str, str]:
        """For a line of the log."""
        return {"request_id": self.request_id, **({"trace_id": self.trace_id} if self.trace_id else {})}

    def remaining(self) -> float | None:
        """Seconds left, at least 0; None: not stated."""
        return None if self.deadline is None else max(0.0, self.deadline - time.monotonic())


current: ContextVar[Call | None] = ContextVar("hkp_plugin_call", default=None)


def current_call() -> Call | None:
    """The request at hand, unless its handler has returned."""
    call = current.get()
    return None if call is None or call.finished else call
