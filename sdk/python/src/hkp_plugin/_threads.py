"""Threads for methods that are not async: few, and with a bound to what waits for them."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

__all__ = ["Busy", "Threads"]


class Busy(Exception):
    """Too much waits already."""


class Threads:
    """Runs functions in threads that start when they are first needed. To be used on the event loop."""

    def __init__(self, threads: int, waiting: int) -> None:
        self._pool = ThreadPoolExecutor(threads, "plugin-handler")
        self._most = threads + waiting
        self._pending = 0

    async def run(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Runs it with the context of the caller, whose cancellation keeps it from starting but not from finishing."""
        if self._pending >= self._most:
            raise Busy("too many calls wait for a handler thread")
        loop = asyncio.get_running_loop()
        job = _Job(contextvars.copy_context(), function, arguments)
        future = self._pool.submit(job.run)
        # Counted until the pool has let go of it, also when nobody waits any longer.
        self._pending += 1
        future.add_done_callback(lambda _: self._later(loop))
        try:
            return await asyncio.shield(asyncio.wrap_future(future))
        except asyncio.CancelledError:
            job.abandoned = True
            raise

    def _later(self, loop: asyncio.AbstractEventLoop) -> None:
        try:
            loop.call_soon_threadsafe(self._done)
        except RuntimeError:
            # The loop has ended before a handler did.
            return

    def _done(self) -> None:
        self._pending -= 1

    def close(self) -> None:
        """Starts nothing more. Does not wait for what runs."""
        self._pool.shutdown(wait=False, cancel_futures=True)


class _Job:
    __slots__ = ("_arguments", "_context", "_function", "abandoned")

    def __init__(
            self, context: contextvars.Context, function: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
        self._context = context
        self._function = function
        self._arguments = arguments
        self.abandoned = False

    def run(self) -> Any:
        return None if self.abandoned else self._context.run(self._function, *self._arguments)
