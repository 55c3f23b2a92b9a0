"""The request at hand, which follows the code through tasks and threads into log lines and calls of the host."""

from __future__ import annotations

import time
from contextvars import ContextVar
from dataclasses import dataclass

__all__ = ["Call", "current"]


@dataclass(frozen=True, slots=True)
class Call:
    """What of a request concerns the code that works for it."""

    request_id: str
    traceparent: str = ""
    deadline: float | None = None
    """On the clock of ``time.monotonic``."""

    @property
    def trace_id(self) -> str:
        """The 32 digits of the trace; empty when the request is not traced."""
        parts = self.traceparent.split("-")
        return parts[1] if len(parts) >= 4 and len(parts[1]) == 32 else ""

    def remaining(self) -> float | None:
        """Seconds left, at least 0; None: not stated."""
        return None if self.deadline is None else max(0.0, self.deadline - time.monotonic())


current: ContextVar[Call | None] = ContextVar("hkp_plugin_call", default=None)
