"""One call of ``HandleRequests``: requests come one after the other, answers go out as they are made."""

from __future__ import annotations

import asyncio
import collections
import logging
from collections.abc import Awaitable, Callable
from typing import Any

import grpc

from . import _convert
from .proto import hkp_plugin_pb2 as pb

__all__ = ["DecisionStream"]

log = logging.getLogger("sdk")

WINDOW = 512
"""Most requests that are taken at a time and whose answers the gateway has not had room for: a gateway that does not read
cannot make the plugin hold more."""


class DecisionStream:
    """Reads, decides and writes until the gateway, or the plugin's end, ends it."""

    def __init__(
            self, context: Any, decide: Callable[[pb.HandleRequestEvent], Awaitable[pb.HandleResponse]], window: int) -> None:
        self._context = context
        self._decide = decide
        self._window = asyncio.Semaphore(min(WINDOW, window))
        self._open: dict[str, asyncio.Task[None]] = {}
        self._answers: collections.deque[pb.HandleResponse] = collections.deque()
        self._changed = asyncio.Event()
        self._ending = False

    def end(self) -> None:
        """Takes nothing more; the call ends when everything is answered."""
        self._ending = True
        self._changed.set()

    async def run(self) -> None:
        """Returns when it has ended. Cancelled when the gateway has gone."""
        reader = asyncio.create_task(self._read())
        # A connection that breaks ends this call as well; nobody else asks for what the reader raised.
        reader.add_done_callback(lambda task: task.cancelled() or task.exception())
        try:
            while True:
                await self._changed.wait()
                self._changed.clear()
                while self._answers:
                    # One at a time: gRPC takes no second before the first has found room.
                    await self._context.write(self._answers.popleft())
                    self._window.release()
                if self._ending and not self._open and not self._answers:
                    return
        finally:
            reader.cancel()
            for task in list(self._open.values()):
                task.cancel()

    async def _read(self) -> None:
        try:
            while not self._ending:
                # Before it is read: what was read is answered, also when the end comes meanwhile.
                await self._window.acquire()
                event = await self._context.read()
                if event is grpc.aio.EOF:
                    return
                if event.cancel:
                    self._window.release()
                    task = self._open.pop(event.request_id, None)
                    if task is not None:
                        task.cancel()
                        self._changed.set()
                    continue
                task = asyncio.create_task(self._answer(event))
                self._open[event.request_id] = task
        finally:
            self.end()

    async def _answer(self, event: pb.HandleRequestEvent) -> None:
        """Who removes the id answers it; nobody waits for an id that was removed or whose time is over."""
        answer = None
        try:
            async with asyncio.timeout(event.deadline_ms / 1000 if event.deadline_ms > 0 else None):
                answer = await self._decide(event)
        except TimeoutError:
            # Nobody waits any longer, but each id gets one answer unless it was taken back.
            answer = _convert.failure(event.request_id, "the deadline has passed")
        except Exception as error:
            # Nothing that is known raises it; without an answer the gateway would wait until its own deadline.
            log.exception("a request could not be decided about", extra={"request_id": event.request_id})
            answer = _convert.failure(event.request_id, f"expected: a decision, got: {type(error).__name__}: {error}")
        finally:
            mine = self._open.get(event.request_id) is asyncio.current_task()
            if mine:
                del self._open[event.request_id]
            if mine and answer is not None:
                self._answers.append(answer)
            else:
                self._window.release()
            self._changed.set()
