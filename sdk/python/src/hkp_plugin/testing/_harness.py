"""Runs a plugin as the SDK does, without gRPC."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Coroutine, Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

from .._runner import HandlerFailed, Runner
from ..call import Call
from ..decision import Allow, Decision, HeaderChange, Respond, ResponseChange, keep
from ..events import Event, EventBatch
from ..health import Health
from ..host import KeyPage, KeyQuery
from ..plugin import Plugin, PluginContext
from ..request import BodyState, Request, Response
from ._clock import Clock
from ._fake_host import FakeHost
from ._requests import request as make_request
from ._requests import response as make_response

__all__ = ["ALL_GRANTS", "AsyncHarness", "DecisionRefused", "Harness"]

P = TypeVar("P", bound=Plugin[Any])
T = TypeVar("T")

ALL_GRANTS = frozenset([
    "http.request", "http.request.body", "http.request.modify", "http.request.rewrite", "http.respond", "http.response",
    "http.credentials", "storage.query", "storage.provide", "events.publish", "events.subscribe", "state"])

_CLOSE_SECONDS = 5.0
_CREDENTIALS = frozenset(["authorization", "cookie", "proxy-authorization"])
_COOKIES = frozenset(["set-cookie"])


class DecisionRefused(AssertionError):
    """The gateway would refuse this decision, and count a failure of the plugin."""


class AsyncHarness(Generic[P]):
    """Runs one plugin for an async test; ``async with`` calls ``init`` and ``close``.

    ``config`` is a JSON object or its text. ``grants``: all, unless a test withholds some. What the plugin raises is raised
    here; a decision that the operator did not grant raises ``DecisionRefused``.
    """

    def __init__(
            self, plugin: P | type[P], config: Mapping[str, Any] | str | None = None, *,
            grants: frozenset[str] | set[str] = ALL_GRANTS, name: str = "test", data_dir: Path | None = None,
            environment: Mapping[str, str] | None = None) -> None:
        self.plugin: P = plugin() if isinstance(plugin, type) else plugin
        self.grants = frozenset(grants)
        self.clock = Clock()
        self.host = FakeHost(self.clock, self.grants, name)
        self._config = config if isinstance(config, str) else json.dumps(dict(config or {}))
        self._name = name
        self._data_dir = data_dir
        self._environment = dict(environment or {})
        self._runner: Runner | None = None

    async def __aenter__(self) -> Self:
        runner = Runner(self.plugin)
        await runner.init(
            PluginContext(
                name=self._name, version="0", grants=self.grants, host=self.host, gateway_version="0.0.0-test",
                protocol_version="1.0", environment=self._environment, data_dir=self._data_dir, clock=self.clock,
                loop=asyncio.get_running_loop()),
            self._config)
        self._runner = runner
        return self

    async def __aexit__(
            self, type_: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._runner is not None:
            await self._runner.close(_CLOSE_SECONDS)

    async def handle(self, request: Request | str, **arguments: Any) -> Any:
        """Decides about a request, or about ``METHOD target``, with the arguments of ``request``.

        The result is an ``Allow`` or a ``Respond``; it is not typed more narrowly, so that a test can just look.
        """
        asked = make_request(request, grants=self.grants, **arguments) if isinstance(request, str) else request
        made = await self._unwrapped(self._there().handle(asked))
        self._check(asked, made)
        return made

    async def handle_all(self, *requests: Request | str) -> list[Any]:
        """Decides about many at once; the decisions come in the order of the requests."""
        return list(await asyncio.gather(*(self.handle(request) for request in requests)))

    async def on_response(
            self, response: Response | int = 200, line: str = "GET /pks/stats", **arguments: Any) -> ResponseChange:
        """Shows an answer of the keyserver, with the arguments of ``response``."""
        seen = (make_response(response, line, grants=self.grants, **arguments) if isinstance(response, int) else response)
        made = await self._unwrapped(self._there().on_response(seen))
        change = made if made is not None else keep()
        self._need_for(_COOKIES, change.response_headers)
        return change

    async def on_events(self, *events: Event, dropped: int = 0) -> None:
        """Delivers events."""
        await self._unwrapped(self._there().on_events(EventBatch(events, dropped)))

    async def lookup(self, query: KeyQuery) -> KeyPage | None:
        """Asks the plugin for keys."""
        return await self._unwrapped(self._there().lookup(query, Call("")))

    async def health(self) -> Health:
        """How the plugin is."""
        return await self._there().health()

    def _there(self) -> Runner:
        if self._runner is None:
            raise RuntimeError("expected: a harness inside of its with block, got: a call outside")
        return self._runner

    async def _unwrapped(self, made: Coroutine[Any, Any, T]) -> T:
        """The plugin's own exception, which the SDK would only log."""
        try:
            return await made
        except HandlerFailed as failed:
            if failed.cause is not None:
                raise failed.cause from None
            raise

    def _check(self, asked: Request, made: Decision) -> None:
        if isinstance(made, Respond):
            self._need("http.respond", "an answer of its own", True)
        if isinstance(made, Allow):
            rewritten = made.path is not None or made.query is not None
            self._need("http.request.modify", "a change of request headers", bool(made.request_headers))
            self._need_for(_CREDENTIALS, made.request_headers)
            # The other grant, http.response, is for seeing the keyserver's answer.
            self._need("http.respond", "a change of response headers", bool(made.response_headers))
            self._need_for(_COOKIES, made.response_headers)
            self._need("http.request.rewrite", "another target or body", rewritten or made.body is not None)
            self._need("http.request.body", "another body", made.body is not None)
            if made.body is not None and asked.body.state is not BodyState.COMPLETE:
                raise DecisionRefused(f"expected: replace_body for a complete body, got: one that is {asked.body.state.name}")

    def _need_for(self, secret: frozenset[str], changes: Iterable[HeaderChange]) -> None:
        """Who may not see credentials may not write them either."""
        for change in changes:
            self._need("http.credentials", f"a change of the header {change.name}", change.name.lower() in secret)

    def _need(self, grant: str, what: str, used: bool) -> None:
        if used and grant not in self.grants:
            raise DecisionRefused(f"expected: the grant {grant} for {what}, got: a plugin without it")


class Harness(Generic[P]):
    """The same for plain test functions; ``with`` calls ``init`` and ``close``."""

    def __init__(
            self, plugin: P | type[P], config: Mapping[str, Any] | str | None = None, *,
            grants: frozenset[str] | set[str] = ALL_GRANTS, name: str = "test", data_dir: Path | None = None,
            environment: Mapping[str, str] | None = None) -> None:
        self._harness = AsyncHarness(
            plugin, config, grants=grants, name=name, data_dir=data_dir, environment=environment)
        self._loop: asyncio.Runner | None = None

    def __enter__(self) -> Self:
        self._loop = asyncio.Runner()
        try:
            self.run(self._harness.__aenter__())
        except BaseException:
            self._loop.close()
            raise
        return self

    def __exit__(
            self, type_: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._loop is not None:
            try:
                self.run(self._harness.__aexit__(type_, error, trace))
            finally:
                self._loop.close()

    @property
    def plugin(self) -> P:
        """The plugin itself."""
        return self._harness.plugin

    @property
    def host(self) -> FakeHost:
        """Its gateway."""
        return self._harness.host

    @property
    def clock(self) -> Clock:
        """Its time."""
        return self._harness.clock

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Runs any coroutine on the plugin's event loop."""
        if self._loop is None:
            coroutine.close()
            raise RuntimeError("expected: a harness inside of its with block, got: a call outside")
        return self._loop.run(coroutine)

    def handle(self, request: Request | str, **arguments: Any) -> Any:
        """See ``AsyncHarness.handle``."""
        return self.run(self._harness.handle(request, **arguments))

    def handle_all(self, *requests: Request | str) -> list[Any]:
        """See ``AsyncHarness.handle_all``."""
        return self.run(self._harness.handle_all(*requests))

    def on_response(self, response: Response | int = 200, line: str = "GET /pks/stats", **arguments: Any) -> ResponseChange:
        """See ``AsyncHarness.on_response``."""
        return self.run(self._harness.on_response(response, line, **arguments))

    def on_events(self, *events: Event, dropped: int = 0) -> None:
        """See ``AsyncHarness.on_events``."""
        self.run(self._harness.on_events(*events, dropped=dropped))

    def lookup(self, query: KeyQuery) -> KeyPage | None:
        """See ``AsyncHarness.lookup``."""
        return self.run(self._harness.lookup(query))

    def health(self) -> Health:
        """See ``AsyncHarness.health``."""
        return self.run(self._harness.health())
