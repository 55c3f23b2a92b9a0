"""Calls the author's methods: async or not, bounded, and whatever they raise. Knows nothing of gRPC."""

from __future__ import annotations

import asyncio
import inspect
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any

from ._threads import Busy, Threads
from .call import Call, current, current_call
from .config import ConfigError, decode
from .decision import Decision, ResponseChange
from .events import EventBatch
from .health import Health
from .host import KeyPage, KeyQuery
from .plugin import Plugin, PluginContext, is_async
from .request import Request, Response

__all__ = ["HandlerFailed", "Runner"]

log = logging.getLogger("sdk")


class HandlerFailed(Exception):
    """The author's code raised, or made something that is no decision; it is logged already."""

    def __init__(self, text: str, cause: Exception | None = None) -> None:
        super().__init__(text)
        self.cause = cause


class Runner:
    """One plugin that runs. To be used on the event loop."""

    def __init__(self, plugin: Plugin[Any]) -> None:
        self.plugin = plugin
        options = plugin.options
        self._threads = Threads(options.threads, options.max_concurrent)
        self._slots = asyncio.Semaphore(options.max_concurrent)
        self._waiting = 0
        self._async = {
            name: is_async(getattr(plugin, name))
            for name in ("init", "handle", "on_response", "on_events", "lookup", "close")}
        self.initialized = False

    async def init(self, context: PluginContext, config_json: str) -> None:
        """Decodes the configuration and calls ``init``. Whatever is raised means a refusal."""
        plugin = self.plugin
        plugin.config, unknown = decode(plugin.config_type, config_json)
        if unknown:
            log.warning("the configuration has keys that this plugin does not know", extra={"keys": ", ".join(unknown)})
        plugin.context = context
        await self._call("init")
        self.initialized = True

    async def handle(self, request: Request) -> Decision:
        """Decides. ``Busy`` when too many wait."""
        current.set(Call(request.id, request.traceparent, request.deadline))
        made = await self._within("handle", request)
        if not isinstance(made, Decision):
            raise self._wrong("handle", "a decision (allow, deny or respond)", made)
        return made

    async def on_response(self, response: Response) -> ResponseChange | None:
        """Sees the keyserver's answer."""
        current.set(Call(response.request_id, response.traceparent, response.deadline))
        made = await self._within("on_response", response)
        if not (made is None or isinstance(made, ResponseChange)):
            raise self._wrong("on_response", "what keep() makes, or None", made)
        return made

    async def on_events(self, batch: EventBatch) -> None:
        """Hears of events. The gateway calls once at a time."""
        await self._logged("on_events", batch)

    async def lookup(self, query: KeyQuery, call: Call) -> KeyPage | None:
        """Answers a query for keys."""
        current.set(call)
        made = await self._within("lookup", query)
        if not (made is None or isinstance(made, KeyPage)):
            raise self._wrong("lookup", "a KeyPage or None", made)
        return made

    async def health(self) -> Health:
        """Never raises."""
        try:
            given = self.plugin.health()
            if inspect.isawaitable(given):
                given = await given
            if not isinstance(given, Health):
                raise TypeError(f"health: expected: a Health, got: {given!r}")
            return given
        except (Exception, SystemExit) as error:
            log.exception("the plugin's health failed")
            return Health.unhealthy(f"health failed: {_describe(error)}")

    async def close(self, seconds: float) -> None:
        """Calls ``close`` if ``init`` was called, for so long at most."""
        try:
            if self.initialized:
                async with asyncio.timeout(seconds):
                    await self._call("close")
        except TimeoutError:
            log.warning("the plugin's close did not finish in time", extra={"seconds": round(seconds, 1)})
        except (Exception, SystemExit):
            log.exception("the plugin's close failed")
        finally:
            self._threads.close()

    async def _within(self, method: str, argument: object) -> Any:
        """In one of the slots, for which as many may wait as there are."""
        if self._slots.locked():
            if self._waiting >= self.plugin.options.max_concurrent:
                raise Busy("too many calls wait")
            self._waiting += 1
            try:
                await self._slots.acquire()
            finally:
                self._waiting -= 1
        else:
            await self._slots.acquire()
        try:
            return await self._logged(method, argument)
        finally:
            self._slots.release()

    async def _logged(self, method: str, argument: object) -> Any:
        try:
            return await self._call(method, argument)
        except Busy:
            raise
        except asyncio.CancelledError as error:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            # Nobody has cancelled it: it has awaited what was, which is a failure like others.
            log.exception("the handler failed", extra={"method": method, **_ids()})
            raise HandlerFailed(f"{method} failed: {_describe(error)}") from None
        except SystemExit as error:
            # The process is the gateway's to end, and others' requests are in it.
            log.exception("the handler wanted the process to exit", extra={"method": method, **_ids()})
            raise HandlerFailed(f"{method} failed: {_describe(error)}") from None
        except Exception as error:
            log.exception("the handler failed", extra={"method": method, **_ids()})
            raise HandlerFailed(f"{method} failed: {_describe(error)}", error) from None

    async def _call(self, method: str, *arguments: object) -> Any:
        function = getattr(self.plugin, method)
        call = current_call()
        if self._async[method]:
            return await _finishing(function(*arguments), call)
        # Finished in the thread, which goes on when nobody waits for it any longer.
        result = await self._threads.run(_finish, function, arguments, call)
        # A decorator may hide that a method is async.
        return await _finishing(result, call) if inspect.isawaitable(result) else result

    def _wrong(self, method: str, expected: str, made: object) -> HandlerFailed:
        text = f"{method}: expected: {expected}, got: {made!r:.200}"
        log.error("the handler made something else than a decision", extra={"error": text, **_ids()})
        return HandlerFailed(text)


def _ids() -> dict[str, str]:
    """Of the request at hand, also when its handler has returned."""
    call = current.get()
    return call.fields if call is not None else {}


async def _finishing(made: Awaitable[Any], call: Call | None) -> Any:
    try:
        return await made
    finally:
        if call is not None:
            call.finished = True


def _finish(function: Callable[..., Any], arguments: tuple[object, ...], call: Call | None) -> Any:
    result = None
    try:
        result = function(*arguments)
        return result
    except StopIteration as error:
        # No future can hold it, and whoever waits would wait for ever.
        raise RuntimeError("the method raised StopIteration") from error
    finally:
        if call is not None and not inspect.isawaitable(result):
            call.finished = True


def refusal(error: BaseException) -> str:
    """What the operator reads of an ``init`` that raised."""
    return str(error) if isinstance(error, ConfigError) else _describe(error)


def _describe(error: BaseException) -> str:
    text = str(error)
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def seconds_until(end: float) -> float:
    """Seconds until a time of ``time.monotonic``, at least a moment."""
    return max(0.05, end - time.monotonic())
