"""What a plugin may ask of its gateway: facts about it, keys of the keyserver, events, shared state.

Every call but ``subscribe`` has a deadline, and fails with a ``HostError`` that says why. Nothing blocks the event loop; a handler that is
not async waits by ``PluginContext.wait``.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal, TypeAlias

from .events import Event, EventBatch

__all__ = [
    "Acquired", "Bucket", "Count", "Events", "Host", "HostError", "HostInfo", "Invalid", "KeyInfo", "KeyPage", "KeyQuery",
    "NotGranted", "QuotaExceeded", "State", "StateEntry", "Storage", "Swap", "Time", "Unavailable"]

Time: TypeAlias = timedelta | float
"""A timedelta, or seconds."""


class HostError(Exception):
    """The gateway did not do what it was asked to do."""


class Unavailable(HostError):
    """The gateway or its store is away, or did not answer in time. Decide without it."""


class NotGranted(HostError):
    """The operator has not granted it."""

    def __init__(self, grant: str, message: str = "") -> None:
        super().__init__(message or f"expected: the grant {grant}, got: a plugin without it; the manifest has to request"
                         " it in capabilities, and the operator to grant it in hkp.plugins.settings.<name>.grants")
        self.grant = grant


class QuotaExceeded(HostError):
    """The plugin's quota of keys or bytes is used up, or an answer would be too large."""


class Invalid(HostError):
    """An argument is not what the method takes."""


@dataclass(frozen=True, slots=True)
class HostInfo:
    """About the gateway."""

    version: str
    protocol_version: str
    plugins: Mapping[str, str]
    """Names and versions of the plugins that are loaded."""
    configuration: Mapping[str, str]
    """With ``replica``, ``chain_budget_ms`` and ``timeout_ms``, as far as the gateway tells them."""


@dataclass(frozen=True, slots=True)
class KeyInfo:
    """Facts about a key, which nobody has verified."""

    fingerprint: str
    key_id: str = ""
    user_ids: tuple[str, ...] = ()
    creation_time: int = 0
    """Unix seconds; 0: the keyserver does not say."""
    expiration_time: int = 0
    """Unix seconds; 0: never."""
    revoked: bool = False
    key_data: bytes = field(default=b"", repr=False)
    """Binary OpenPGP packets; only of ``fetch``."""


@dataclass(frozen=True, slots=True)
class KeyPage:
    """A page of keys."""

    keys: tuple[KeyInfo, ...] = ()
    total: int = 0
    """Of all matches, not only of this page."""


@dataclass(frozen=True, slots=True)
class KeyQuery:
    """What other plugins ask of a plugin with ``storage.provide``."""

    kind: Literal["lookup", "search", "fetch"]
    query: str
    """A text, or 0x and upper-case digits."""
    limit: int = 100
    offset: int = 0
    exact: bool = False


@dataclass(frozen=True, slots=True)
class StateEntry:
    """A value that the gateway keeps."""

    value: bytes
    version: int
    """Changes with each write."""
    ttl: timedelta
    """Until it expires; zero: never."""


@dataclass(frozen=True, slots=True)
class Swap:
    """The result of ``compare_and_set``."""

    stored: bool
    current: StateEntry | None
    """What is there now."""


@dataclass(frozen=True, slots=True)
class Count:
    """The result of ``increment``."""

    value: int
    remaining: timedelta
    """Until the window ends; zero: there is none."""


@dataclass(frozen=True, slots=True)
class Bucket:
    """How a bucket of tokens fills: steadily, ``refill`` tokens in each ``period``, up to ``capacity``."""

    capacity: int
    refill: int
    period: Time


@dataclass(frozen=True, slots=True)
class Acquired:
    """The result of ``acquire``."""

    acquired: bool
    remaining: int
    retry_after: timedelta
    """Until there would be enough; zero if they were taken."""


class State(ABC):
    """Values, counters and buckets that outlive the plugin's crashes and swaps; replicas may share them. Grant ``state``.

    A value, a counter and a bucket of one key are different things. Keys have 1 to 256 bytes of UTF-8. ``ttl`` and
    ``window`` of zero: for ever. Without ``timeout``, a call takes at most a quarter of the time for a decision.
    """

    @abstractmethod
    async def get(self, key: str, *, timeout: Time | None = None) -> StateEntry | None:
        """Finds a value."""

    @abstractmethod
    async def put(self, key: str, value: bytes, ttl: Time = 0, *, timeout: Time | None = None) -> StateEntry:
        """Stores a value, whether there is one or not."""

    @abstractmethod
    async def compare_and_set(
            self, key: str, expected_version: int, value: bytes, ttl: Time = 0, *, timeout: Time | None = None) -> Swap:
        """Stores a value if nobody has written since; ``expected_version`` 0: only if there is none."""

    @abstractmethod
    async def delete(self, key: str, *, timeout: Time | None = None) -> None:
        """Removes the value, the counter and the bucket of a key."""

    @abstractmethod
    async def increment(
            self, key: str, delta: int = 1, window: Time = 0, *, timeout: Time | None = None) -> Count:
        """Adds to a counter that begins at nothing, and again when its window ends. A ``delta`` of 0 reads."""

    @abstractmethod
    async def acquire(
            self, key: str, bucket: Bucket, tokens: int = 1, *, timeout: Time | None = None) -> Acquired:
        """Takes tokens out of a bucket, all or none; a new one is full. 0 looks without taking."""


class Storage(ABC):
    """Keys of the keyserver. Grant ``storage.query``. Pages have at most 1000 keys. Default timeout: 10 s."""

    @abstractmethod
    async def lookup(
            self, key: str, *, limit: int = 100, offset: int = 0, timeout: Time | None = None) -> KeyPage:
        """Facts about the keys of a fingerprint or key id, in hex with or without 0x."""

    @abstractmethod
    async def search(
            self, text: str, *, exact: bool = False, limit: int = 100, offset: int = 0,
            timeout: Time | None = None) -> KeyPage:
        """Facts about the keys that a text of at most 256 bytes finds; ``exact``: a whole user id, or the address in it."""

    @abstractmethod
    async def fetch(
            self, key: str, *, limit: int = 100, offset: int = 0, timeout: Time | None = None) -> KeyPage:
        """The same as ``lookup`` (or ``search`` for a text) with ``key_data``."""

    @abstractmethod
    def stream(
            self, query: str, kind: Literal["lookup", "search", "fetch"] = "fetch", *,
            timeout: Time | None = None) -> AsyncIterator[KeyInfo]:
        """All keys that are found, at the pace of the reader. Default timeout: 5 minutes for all of them."""


class Events(ABC):
    """Events of others, and one's own. Grants ``events.publish`` and ``events.subscribe``. Default timeout: 5 s."""

    @abstractmethod
    async def publish(self, event: Event, *, timeout: Time | None = None) -> None:
        """Tells everybody who subscribed; the type begins with ``plugin.<own name>.``."""

    @abstractmethod
    async def publish_many(
            self, events: Iterable[Event] | AsyncIterable[Event], *, timeout: Time | None = None) -> None:
        """The same for many; the first one that is refused ends it. Default timeout: 60 s for all of them."""

    @abstractmethod
    def subscribe(self, *types: str, **metadata: str) -> AsyncIterator[EventBatch]:
        """Batches from now on, until the caller stops or the gateway goes (``Unavailable``); the one call without an end.

        ``types`` are exact or prefixes that end in ``*``; without any: all that are granted. All of ``metadata`` must match.
        """


class Host(ABC):
    """The way back to the gateway."""

    state: State
    storage: Storage
    events: Events

    @abstractmethod
    async def info(self, *, timeout: Time | None = None) -> HostInfo:
        """Who the gateway is. Needs no grant. Default timeout: 5 s."""
