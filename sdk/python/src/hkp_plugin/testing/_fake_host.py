"""A gateway for tests: state in memory, keys that the test puts there, events that it can look at."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterable, AsyncIterator, Iterable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Literal, TypeVar

from ..events import Event, EventBatch
from ..host import (
    Acquired, Bucket, Count, Events, Host, HostError, HostInfo, Invalid, KeyInfo, KeyPage, NotGranted, State, StateEntry,
    Storage, Swap, Time)
from ._clock import Clock

__all__ = ["FakeHost"]

T = TypeVar("T")

_LARGEST_DATA = 64 * 1024


class FakeHost(Host):
    """Answers as the gateway does, refusals included. Set ``failure`` and every call raises it."""

    def __init__(self, clock: Clock, grants: frozenset[str], plugin: str = "test") -> None:
        self.clock = clock
        self.grants = grants
        self.plugin = plugin
        self.failure: HostError | None = None
        self.keys: list[KeyInfo] = []
        """What storage finds."""
        self.published: list[Event] = []
        """What the plugin has told, oldest first."""
        self.asked: list[str] = []
        """The names of the calls, oldest first."""
        self.state: State = _FakeState(self)
        self.storage: Storage = _FakeStorage(self)
        self.events: Events = _FakeEvents(self)
        self.subscribers: list[tuple[tuple[str, ...], dict[str, str], asyncio.Queue[EventBatch]]] = []

    async def info(self, *, timeout: Time | None = None) -> HostInfo:
        self.check("info", None)
        return HostInfo("0.0.0-test", "1.0", {self.plugin: "0"}, {"replica": "test"})

    def emit(self, *events: Event, dropped: int = 0) -> None:
        """Tells those who have subscribed."""
        for types, metadata, queue in self.subscribers:
            wanted = tuple(event for event in events if _matches(event, types, metadata))
            if wanted:
                queue.put_nowait(EventBatch(wanted, dropped))

    def check(self, call: str, grant: str | None) -> None:
        """What stands before every call."""
        self.asked.append(call)
        if grant is not None and grant not in self.grants:
            raise NotGranted(grant)
        if self.failure is not None:
            raise self.failure


@dataclass(slots=True)
class _Kept:
    """A value, a counter or a bucket, until its time on the clock; None: for ever."""

    until: float | None
    value: bytes = b""
    version: int = 0
    count: int = 0
    tokens: float = 0.0
    filled: float = 0.0


class _FakeState(State):
    def __init__(self, host: FakeHost) -> None:
        self._host = host
        self._kept: dict[tuple[str, str], _Kept] = {}
        self._version = 0

    async def get(self, key: str, *, timeout: Time | None = None) -> StateEntry | None:
        self._check("get", key)
        kept = self._find("value", key)
        return self._entry(kept) if kept else None

    async def put(self, key: str, value: bytes, ttl: Time = 0, *, timeout: Time | None = None) -> StateEntry:
        self._check("put", key)
        return self._entry(self._store(key, value, ttl))

    async def compare_and_set(
            self, key: str, expected_version: int, value: bytes, ttl: Time = 0, *, timeout: Time | None = None) -> Swap:
        self._check("compare_and_set", key)
        kept = self._find("value", key)
        if (kept.version if kept else 0) != expected_version:
            return Swap(False, self._entry(kept) if kept else None)
        return Swap(True, self._entry(self._store(key, value, ttl)))

    async def delete(self, key: str, *, timeout: Time | None = None) -> None:
        self._check("delete", key)
        for kind in ("value", "counter", "bucket"):
            self._kept.pop((kind, key), None)

    async def increment(self, key: str, delta: int = 1, window: Time = 0, *, timeout: Time | None = None) -> Count:
        self._check("increment", key)
        kept = self._find("counter", key)
        if kept is None:
            if delta == 0:
                return Count(0, timedelta())
            kept = self._kept["counter", key] = _Kept(self._until(window))
        kept.count += delta
        return Count(kept.count, self._remaining(kept))

    async def acquire(
            self, key: str, bucket: Bucket, tokens: int = 1, *, timeout: Time | None = None) -> Acquired:
        self._check("acquire", key)
        period = _seconds(bucket.period)
        if min(bucket.capacity, bucket.refill) < 1 or period <= 0 or not 0 <= tokens <= bucket.capacity:
            raise Invalid(f"expected: a bucket of at least 1, and at most its capacity of tokens, got: {bucket}, {tokens}")
        now = self._host.clock()
        kept = self._find("bucket", key)
        if kept is None:
            kept = _Kept(None, tokens=float(bucket.capacity), filled=now)
            if tokens:
                self._kept["bucket", key] = kept
        rate = bucket.refill / period
        kept.tokens = min(float(bucket.capacity), kept.tokens + (now - kept.filled) * rate)
        kept.filled = now
        # Without what floating point has lost on the way.
        if kept.tokens + 1e-9 < tokens:
            return Acquired(False, int(kept.tokens + 1e-9), timedelta(seconds=(tokens - kept.tokens) / rate))
        kept.tokens -= tokens
        return Acquired(True, int(kept.tokens + 1e-9), timedelta())

    def _check(self, call: str, key: str) -> None:
        self._host.check(f"state.{call}", "state")
        if not 1 <= len(key.encode()) <= 256:
            raise Invalid(f"expected: a key of 1 to 256 bytes, got: {len(key.encode())}")

    def _find(self, kind: str, key: str) -> _Kept | None:
        kept = self._kept.get((kind, key))
        if kept is not None and kept.until is not None and kept.until <= self._host.clock():
            del self._kept[kind, key]
            return None
        return kept

    def _store(self, key: str, value: bytes, ttl: Time) -> _Kept:
        self._version += 1
        kept = self._kept["value", key] = _Kept(self._until(ttl), bytes(value), self._version)
        return kept

    def _entry(self, kept: _Kept) -> StateEntry:
        return StateEntry(kept.value, kept.version, self._remaining(kept))

    def _until(self, time: Time) -> float | None:
        seconds = _seconds(time)
        if seconds < 0:
            raise Invalid(f"expected: zero or more, got: {seconds} s")
        return self._host.clock() + seconds if seconds else None

    def _remaining(self, kept: _Kept) -> timedelta:
        return timedelta() if kept.until is None else timedelta(seconds=kept.until - self._host.clock())


class _FakeStorage(Storage):
    def __init__(self, host: FakeHost) -> None:
        self._host = host

    async def lookup(self, key: str, *, limit: int = 100, offset: int = 0, timeout: Time | None = None) -> KeyPage:
        return self._page("lookup", key, False, limit, offset)

    async def search(
            self, text: str, *, exact: bool = False, limit: int = 100, offset: int = 0,
            timeout: Time | None = None) -> KeyPage:
        return self._page("search", text, exact, limit, offset)

    async def fetch(self, key: str, *, limit: int = 100, offset: int = 0, timeout: Time | None = None) -> KeyPage:
        return self._page("fetch", key, False, limit, offset)

    async def stream(
            self, query: str, kind: Literal["lookup", "search", "fetch"] = "fetch", *,
            timeout: Time | None = None) -> AsyncIterator[KeyInfo]:
        self._host.check("storage.stream", "storage.query")
        for key in self._find(kind, query, False):
            yield key

    def _page(self, kind: str, query: str, exact: bool, limit: int, offset: int) -> KeyPage:
        self._host.check(f"storage.{kind}", "storage.query")
        if not 0 <= limit <= 1000 or offset < 0:
            raise Invalid(f"expected: a limit of at most 1000 and an offset of at least 0, got: {limit} and {offset}")
        found = self._find(kind, query, exact)
        return KeyPage(tuple(found[offset:offset + (limit or 100)]), len(found))

    def _find(self, kind: str, query: str, exact: bool) -> list[KeyInfo]:
        digits = query.removeprefix("0x").upper()
        is_key = len(digits) in (8, 16, 32, 40, 64) and all(digit in "0123456789ABCDEF" for digit in digits)
        if kind == "lookup" and not is_key:
            raise Invalid(f"expected: a fingerprint or key id in hex, got: {query!r}")
        found = [
            key for key in self._host.keys
            if (is_key and (key.fingerprint.endswith(digits) or key.key_id.endswith(digits)))
            or (not is_key and any(_names(user_id, query, exact) for user_id in key.user_ids))]
        return [key if kind == "fetch" else replace(key, key_data=b"") for key in found]


class _FakeEvents(Events):
    def __init__(self, host: FakeHost) -> None:
        self._host = host

    async def publish(self, event: Event, *, timeout: Time | None = None) -> None:
        self._host.check("events.publish", "events.publish")
        self._take(event)

    async def publish_many(
            self, events: Iterable[Event] | AsyncIterable[Event], *, timeout: Time | None = None) -> None:
        self._host.check("events.publish_many", "events.publish")
        if isinstance(events, AsyncIterable):
            async for event in events:
                self._take(event)
        else:
            for event in events:
                self._take(event)

    async def subscribe(self, *types: str, **metadata: str) -> AsyncIterator[EventBatch]:
        self._host.check("events.subscribe", "events.subscribe")
        queue: asyncio.Queue[EventBatch] = asyncio.Queue()
        subscriber = (types, metadata, queue)
        self._host.subscribers.append(subscriber)
        try:
            while True:
                yield await queue.get()
        finally:
            self._host.subscribers.remove(subscriber)

    def _take(self, event: Event) -> None:
        prefix = f"plugin.{self._host.plugin}."
        if not event.type.startswith(prefix):
            raise Invalid(f"expected: a type that begins with {prefix}, got: {event.type!r}")
        if len(event.data) > _LARGEST_DATA:
            raise Invalid(f"expected: at most {_LARGEST_DATA} bytes of data, got: {len(event.data)}")
        try:
            event.json()
        except (ValueError, json.JSONDecodeError) as error:
            raise Invalid(f"expected: one JSON object or nothing, got: {error}") from None
        self._host.published.append(event)


def _matches(event: Event, types: tuple[str, ...], metadata: dict[str, str]) -> bool:
    named = not types or any(
        event.type.startswith(type_[:-1]) if type_.endswith("*") else event.type == type_ for type_ in types)
    return named and all(event.metadata.get(key) == value for key, value in metadata.items())


def _names(user_id: str, text: str, exact: bool) -> bool:
    if exact:
        return text == user_id or f"<{text}>" in user_id
    return text.lower() in user_id.lower()


def _seconds(time: Time) -> float:
    return time.total_seconds() if isinstance(time, timedelta) else time
