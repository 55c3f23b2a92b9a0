"""What an author writes: a subclass of ``Plugin``."""

from __future__ import annotations

import asyncio
import dataclasses
import inspect
import time
import types
import typing
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar, Generic, TypeVar

from .decision import Decision, ResponseChange
from .events import EventBatch
from .health import Health
from .host import Host, KeyPage, KeyQuery
from .request import Request, Response

__all__ = ["Options", "Plugin", "PluginContext"]

C = TypeVar("C")
T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Options:
    """How the SDK runs a plugin."""

    description: str = ""
    capabilities: tuple[str, ...] = ("http.request", "http.respond")
    """What the plugin would like to do, as in its manifest."""
    metadata: Mapping[str, str] = field(default_factory=dict)
    """Free, but for ``min_host_protocol``: the lowest protocol version of a gateway that it can work with."""
    stream: bool = True
    """Whether requests may come on one stream, which is faster; ``handle`` does not notice."""
    dry_run: bool = False
    """Whether requests may come whose decision is only shown: ``request.dry_run``, and then no state is changed."""
    max_concurrent: int = 256
    """Most decisions at a time; as many again wait, and what comes then fails."""
    threads: int = 8
    """Threads for methods that are not async. What they share must be safe for that."""
    max_message_bytes: int = 4 * 1024 * 1024
    """Largest message to accept: a body and 64 KiB. A plugin that is shown larger bodies raises it, here and in its manifest."""
    event_types: tuple[str, ...] | None = None
    """What ``on_events`` hears of, exact or prefixes that end in ``*``. None: ``key.*``, ``config.changed``,
    ``plugin.state`` and ``cluster.*``. Empty: all that happens."""

    def __post_init__(self) -> None:
        for name, least, most in (("max_concurrent", 1, 100_000), ("threads", 1, 1000), ("max_message_bytes", 4096, 2**31 - 1)):
            if not least <= getattr(self, name) <= most:
                raise ValueError(f"{name}: expected: {least} to {most}, got: {getattr(self, name)}")


@dataclass(frozen=True, kw_only=True)
class PluginContext:
    """What the gateway said at ``Initialize``."""

    name: str
    version: str
    grants: frozenset[str]
    """The capabilities in force."""
    host: Host
    """The way back to the gateway."""
    gateway_version: str = ""
    protocol_version: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)
    """The operator's ``environment`` for this plugin."""
    data_dir: Path | None = None
    """Where the plugin may keep files."""
    timeout: timedelta = timedelta(milliseconds=200)
    """How long the gateway waits for a decision."""
    clock: Callable[[], float] = time.monotonic
    """Seconds that only grow. Plugins that ask this clock can be tested without waiting."""
    loop: asyncio.AbstractEventLoop | None = None

    def wait(self, call: Coroutine[Any, Any, T], timeout: float = 10.0) -> T:
        """Waits for a call of the host in a method that is not async; ``timeout`` in seconds. Raises what the call does."""
        if self.loop is None:
            call.close()
            raise RuntimeError("expected: a plugin that runs, got: a context without an event loop")
        try:
            running = asyncio.get_running_loop()
        except RuntimeError:
            running = None
        if running is self.loop:
            call.close()
            raise RuntimeError("expected: wait in a method that is not async, got: the event loop; use await there")
        future = asyncio.run_coroutine_threadsafe(call, self.loop)
        try:
            return future.result(timeout)
        except TimeoutError:
            future.cancel()
            raise


class Plugin(Generic[C]):
    """A plugin. Give its configuration as the type argument: a dataclass, see ``hkp_plugin.config``; without one it is a dict.

    ``handle`` and the other methods may be async or not; those that are not run in a few threads. ``init`` comes first,
    once; then all others, concurrently; ``close`` comes last, once, when no request is left.
    """

    options: ClassVar[Options] = Options()
    config_type: ClassVar[type[Any]] = dict
    config: C
    """The decoded configuration; there from ``init`` on."""
    context: PluginContext
    """What the gateway said; there from ``init`` on."""

    def __init_subclass__(cls, **arguments: Any) -> None:
        super().__init_subclass__(**arguments)
        for base in getattr(cls, "__orig_bases__", ()):
            origin = typing.get_origin(base)
            if isinstance(origin, type) and issubclass(origin, Plugin):
                type_ = typing.get_args(base)[0]
                if isinstance(type_, TypeVar):
                    continue
                cls.config_type = typing.get_origin(type_) or type_
        if not (dataclasses.is_dataclass(cls.config_type) or cls.config_type is dict):
            raise TypeError(
                f"{cls.__name__}: expected: a dataclass or dict for the configuration, got: {cls.config_type.__name__}")

    def init(self) -> None | Awaitable[None]:
        """Called once, before everything else. An exception means: this plugin refuses to run; the operator reads its message."""

    def handle(self, request: Request) -> Decision | Awaitable[Decision]:
        """Decides about a request. An exception fails this request only, and the operator's fail policy decides."""
        raise NotImplementedError(f"{type(self).__name__}.handle")

    def on_response(self, response: Response) -> ResponseChange | None | Awaitable[ResponseChange | None]:
        """Sees the keyserver's answer. Only called if it is overridden, and with the grant ``http.response``."""
        return None

    def on_events(self, batch: EventBatch) -> None | Awaitable[None]:
        """Hears of events. Only called if it is overridden, and with the grant ``events.subscribe``."""

    def lookup(self, query: KeyQuery) -> KeyPage | None | Awaitable[KeyPage | None]:
        """Answers queries for keys. Only called if it is overridden, and with ``storage.provide``. None: ask the keyserver."""
        return None

    def health(self) -> Health | Awaitable[Health]:
        """How the plugin is. Must never block, also if it is not async."""
        return Health()

    def close(self) -> None | Awaitable[None]:
        """Called once, when no request is left."""

    @classmethod
    def overrides(cls, method: str) -> bool:
        """Whether the class has its own version of a method of ``Plugin``."""
        return getattr(cls, method) is not getattr(Plugin, method)


def is_async(method: Any) -> bool:
    """Whether calling it gives a coroutine at once and never blocks a thread."""
    if isinstance(method, types.MethodType):
        method = method.__func__
    return inspect.iscoroutinefunction(method)
