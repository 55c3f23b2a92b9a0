"""Time that passes when a test says so."""

from __future__ import annotations

from datetime import timedelta

__all__ = ["Clock"]


class Clock:
    """Stands still until ``advance``. ``PluginContext.clock`` and the fake state go by it."""

    def __init__(self) -> None:
        self._now = 1_000_000.0

    def __call__(self) -> float:
        """Seconds, as of ``time.monotonic``."""
        return self._now

    def advance(self, time: timedelta | float) -> None:
        """Lets time pass: seconds, or a timedelta."""
        seconds = time.total_seconds() if isinstance(time, timedelta) else time
        if seconds < 0:
            raise ValueError(f"expected: zero or more seconds, got: {seconds}")
        self._now += seconds
