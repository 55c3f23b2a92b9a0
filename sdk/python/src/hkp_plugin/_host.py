"""The way back to the gateway over gRPC."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable, Iterator
from datetime import timedelta
from typing import Any, Literal, TypeVar

import grpc

from . import _convert
from .call import current_call
from .events import Event, EventBatch
from .host import (
    Acquired, Bucket, Count, Events, Host, HostError, HostInfo, Invalid, KeyInfo, KeyPage, NotGranted, QuotaExceeded, State,
    StateEntry, Storage, Swap, Time, Unavailable)
from .launch import HostAddress
from .proto import hkp_host_pb2 as hb
from .proto import hkp_plugin_pb2 as pb

Q = TypeVar("Q")

log = logging.getLogger("sdk")

_SERVICE = "/hkpplugin.PluginHost/"
_INFO_SECONDS = 5.0
_STATE_SECONDS = 5.0
_STORAGE_SECONDS = 10.0
_STREAM_SECONDS = 300.0
_EVENT_SECONDS = 5.0
_MANY_EVENTS_SECONDS = 60.0
_LARGEST_MESSAGE = 32 * 1024 * 1024
# The gateway takes more than one in ten seconds for an attack.
_KEEP_ALIVE = (("grpc.keepalive_time_ms", 20_000), ("grpc.keepalive_timeout_ms", 5_000))

_ERRORS: dict[grpc.StatusCode, type[HostError]] = {
    grpc.StatusCode.UNAVAILABLE: Unavailable, grpc.StatusCode.DEADLINE_EXCEEDED: Unavailable,
    grpc.StatusCode.CANCELLED: Unavailable, grpc.StatusCode.RESOURCE_EXHAUSTED: QuotaExceeded,
    grpc.StatusCode.INVALID_ARGUMENT: Invalid, grpc.StatusCode.OUT_OF_RANGE: Invalid}


class Link:
    """A connection that is made when it is first needed, and the terms of each call."""

    def __init__(self, address: HostAddress | None, grants: frozenset[str]) -> None:
        self._address = address
        self._grants = grants
        self._channel: grpc.aio.Channel | None = None
        self._methods: dict[str, Any] = {}

    def method(self, kind: str, name: str, request: Any, answer: Any) -> Any:
        """A multicallable of the channel, made once."""
        found = self._methods.get(name)
        if found is None:
            found = self._methods[name] = getattr(self._open(), kind)(
                _SERVICE + name, request_serializer=request.SerializeToString, response_deserializer=answer.FromString)
        return found

    def _open(self) -> grpc.aio.Channel:
        if self._channel is None:
            address = self._address
            if address is None:
                raise Unavailable("expected: PLUGIN_HOST_ADDRESS in the environment, got: none; a gateway sets it")
            options: list[tuple[str, Any]] = [
                ("grpc.max_receive_message_length", _LARGEST_MESSAGE), ("grpc.enable_http_proxy", 0)]
            if address.remote:
                credentials = grpc.ssl_channel_credentials(address.authorities, address.key, address.certificate)
                self._channel = grpc.aio.secure_channel(address.target, credentials, [*options, *_KEEP_ALIVE])
            else:
                options.append(("grpc.default_authority", "localhost"))
                self._channel = grpc.aio.insecure_channel(address.target, options)
        return self._channel

    def terms(self, timeout: Time | None, default: float) -> dict[str, Any]:
        """Deadline and metadata of a call that is made now: no longer than the request at hand has, if there is one."""
        seconds = timeout.total_seconds() if isinstance(timeout, timedelta) else timeout
        call = current_call()
        if seconds is None:
            left = call.remaining() if call is not None else None
            seconds = default if left is None else min(default, left)
        if seconds <= 0:
            # grpc.aio would take a timeout of 0 for none.
            raise Unavailable("expected: time for a call of the gateway, got: a deadline that has passed")
        return {"timeout": seconds, "metadata": self.metadata()}

    def metadata(self) -> list[tuple[str, str]]:
        """The token, and the trace of the request at hand."""
        metadata = [("authorization", f"Bearer {self._address.token if self._address else ''}")]
        call = current_call()
        if call is not None and call.traceparent:
            metadata.append(("traceparent", call.traceparent))
        return metadata

    def need(self, grant: str) -> None:
        """Saves a call that the gateway would refuse."""
        if grant not in self._grants:
            raise NotGranted(grant)

    def wanted(self) -> bool:
        """Whether there is a gateway to call, and anything that it would do."""
        return self._address is not None and any(
            grant in ("state", "storage.query") or grant.startswith("events.") for grant in self._grants)

    async def close(self) -> None:
        """Ends it; calls in flight fail."""
        if self._channel is not None:
            await self._channel.close()


@contextlib.contextmanager
def translated(grant: str) -> Iterator[None]:
    """One place that makes errors of gRPC errors of ours."""
    try:
        yield
    except grpc.aio.AioRpcError as error:
        text = f"the gateway's answer is {error.code().name}: {error.details()}"
        if error.code() in (grpc.StatusCode.PERMISSION_DENIED, grpc.StatusCode.UNAUTHENTICATED):
            raise NotGranted(grant, text) from None
        raise _ERRORS.get(error.code(), HostError)(text) from None
    except grpc.aio.UsageError as error:
        raise Unavailable(f"the connection to the gateway is closed: {error}") from None
    except ValueError as error:
        # Of protobuf: a text that is no UTF-8, a number that does not fit.
        raise Invalid(str(error)) from None


class GrpcHost(Host):
    """All of it. To be made and used on the event loop."""

    def __init__(self, address: HostAddress | None, grants: frozenset[str], decision_time: timedelta) -> None:
        self._link = Link(address, grants)
        self.state = _State(self._link, decision_time.total_seconds() / 4)
        self.storage = _Storage(self._link)
        self.events = _Events(self._link)

    async def info(self, *, timeout: Time | None = None) -> HostInfo:
        with translated(""):
            answer = await self._link.method("unary_unary", "GetHostInfo", pb.Empty, pb.HostInfo)(
                pb.Empty(), **self._link.terms(timeout, _INFO_SECONDS))
        return HostInfo(
            answer.version, answer.protocol_version, {one.name: one.version for one in answer.loaded_plugins},
            dict(answer.configuration))

    async def warm_up(self) -> None:
        """Connects, so that the first request is not the first to use the connection. Later calls try again if this fails."""
        if self._link.wanted():
            try:
                await self.info()
            except HostError as error:
                log.warning("the gateway's host service does not answer", extra={"error": str(error)})

    async def close(self) -> None:
        """Ends it."""
        await self._link.close()


class _State(State):
    def __init__(self, link: Link, seconds: float) -> None:
        self._link = link
        self._seconds = seconds

    async def _call(self, name: str, request: Callable[[], Any], answer: Any, timeout: Time | None) -> Any:
        self._link.need("state")
        with translated("state"):
            message = request()
            # Who is in no hurry gets the time that a store may need to come back, or a connection to be made.
            seconds = self._seconds if current_call() is not None else _STATE_SECONDS
            return await self._link.method("unary_unary", name, type(message), answer)(
                message, **self._link.terms(timeout, seconds))

    async def get(self, key: str, *, timeout: Time | None = None) -> StateEntry | None:
        return _found(await self._call("GetState", lambda: hb.StateKey(key=key), hb.StateValue, timeout))

    async def put(self, key: str, value: bytes, ttl: Time = 0, *, timeout: Time | None = None) -> StateEntry:
        answer = await self._call(
            "PutState", lambda: hb.PutStateRequest(key=key, value=value, ttl_ms=_convert.milliseconds(ttl)),
            hb.StateValue, timeout)
        return _entry(answer)

    async def compare_and_set(
            self, key: str, expected_version: int, value: bytes, ttl: Time = 0, *, timeout: Time | None = None) -> Swap:
        answer = await self._call(
            "CompareAndSetState", lambda: hb.CompareAndSetStateRequest(
                key=key, value=value, ttl_ms=_convert.milliseconds(ttl), expected_version=expected_version),
            hb.CompareAndSetStateResponse, timeout)
        return Swap(answer.stored, _found(answer.current))

    async def delete(self, key: str, *, timeout: Time | None = None) -> None:
        await self._call("DeleteState", lambda: hb.StateKey(key=key), pb.Empty, timeout)

    async def increment(self, key: str, delta: int = 1, window: Time = 0, *, timeout: Time | None = None) -> Count:
        answer = await self._call(
            "IncrementState",
            lambda: hb.IncrementStateRequest(key=key, delta=delta, window_ms=_convert.milliseconds(window)),
            hb.IncrementStateResponse, timeout)
        return Count(answer.value, timedelta(milliseconds=answer.remaining_ms))

    async def acquire(self, key: str, bucket: Bucket, tokens: int = 1, *, timeout: Time | None = None) -> Acquired:
        answer = await self._call(
            "AcquireTokens", lambda: hb.AcquireTokensRequest(
                key=key, tokens=tokens, capacity=bucket.capacity, refill_tokens=bucket.refill,
                refill_period_ms=_convert.milliseconds(bucket.period)),
            hb.AcquireTokensResponse, timeout)
        return Acquired(answer.acquired, answer.remaining, timedelta(milliseconds=answer.retry_after_ms))


class _Storage(Storage):
    def __init__(self, link: Link) -> None:
        self._link = link

    async def lookup(self, key: str, *, limit: int = 100, offset: int = 0, timeout: Time | None = None) -> KeyPage:
        return await self._page("lookup", key, {}, limit, offset, timeout)

    async def search(
            self, text: str, *, exact: bool = False, limit: int = 100, offset: int = 0,
            timeout: Time | None = None) -> KeyPage:
        return await self._page("search", text, {"exact": "on"} if exact else {}, limit, offset, timeout)

    async def fetch(self, key: str, *, limit: int = 100, offset: int = 0, timeout: Time | None = None) -> KeyPage:
        return await self._page("fetch", key, {}, limit, offset, timeout)

    async def _page(
            self, kind: Literal["lookup", "search", "fetch"], query: str, options: dict[str, str], limit: int, offset: int,
            timeout: Time | None) -> KeyPage:
        self._link.need("storage.query")
        with translated("storage.query"):
            message = pb.StorageQuery(
                type=_kind(kind), query=query, options=options, limit=limit, offset=offset)
            answer = await self._link.method("unary_unary", "RequestStorage", pb.StorageQuery, pb.StorageResponse)(
                message, **self._link.terms(timeout, _STORAGE_SECONDS))
        if not answer.success:
            raise HostError(f"the gateway's answer is: {answer.error}")
        return KeyPage(tuple(_convert.key(one) for one in answer.keys), answer.total_count)

    async def stream(
            self, query: str, kind: Literal["lookup", "search", "fetch"] = "fetch", *,
            timeout: Time | None = None) -> AsyncIterator[KeyInfo]:
        self._link.need("storage.query")
        with translated("storage.query"):
            call = self._link.method("unary_stream", "StreamStorage", pb.StorageQuery, pb.KeyInfo)(
                pb.StorageQuery(type=_kind(kind), query=query),
                **self._link.terms(timeout, _STREAM_SECONDS))
        try:
            while True:
                with translated("storage.query"):
                    message = await call.read()
                if message is grpc.aio.EOF:
                    return
                yield _convert.key(message)
        finally:
            # Also when the reader stops early: the gateway serves 16 of these at a time.
            call.cancel()


class _Events(Events):
    def __init__(self, link: Link) -> None:
        self._link = link

    async def publish(self, event: Event, *, timeout: Time | None = None) -> None:
        self._link.need("events.publish")
        with translated("events.publish"):
            await self._link.method("unary_unary", "PublishEvent", pb.Event, pb.Empty)(
                _convert.event_message(event), **self._link.terms(timeout, _EVENT_SECONDS))

    async def publish_many(
            self, events: Iterable[Event] | AsyncIterable[Event], *, timeout: Time | None = None) -> None:
        self._link.need("events.publish")
        with translated("events.publish"):
            call = self._link.method("stream_unary", "PublishEvents", pb.Event, pb.Empty)(
                **self._link.terms(timeout, _MANY_EVENTS_SECONDS))
        try:
            async for event in _each(events):
                with translated("events.publish"):
                    message = _convert.event_message(event)
                # A refused event ends the call, and awaiting it says why.
                try:
                    await call.write(message)
                except (grpc.aio.AioRpcError, asyncio.InvalidStateError):
                    break
            with translated("events.publish"):
                if not call.done():
                    await call.done_writing()
                await call
        finally:
            call.cancel()

    async def subscribe(self, *types: str, **metadata: str) -> AsyncIterator[EventBatch]:
        self._link.need("events.subscribe")
        with translated("events.subscribe"):
            call = self._link.method("unary_stream", "SubscribeEvents", pb.EventFilter, pb.EventBatch)(
                pb.EventFilter(event_types=types, metadata_filters=metadata), metadata=self._link.metadata())
        try:
            while True:
                with translated("events.subscribe"):
                    message = await call.read()
                if message is grpc.aio.EOF:
                    raise Unavailable("the gateway has ended the subscription")
                yield _convert.event_batch(message)
        finally:
            call.cancel()


async def _each(events: Iterable[Event] | AsyncIterable[Event]) -> AsyncIterator[Event]:
    if isinstance(events, AsyncIterable):
        async for event in events:
            yield event
    else:
        for event in events:
            yield event


def _kind(kind: str) -> Any:
    return pb.StorageQuery.Type.Value(kind.upper())


def _entry(answer: hb.StateValue) -> StateEntry:
    return StateEntry(answer.value, answer.version, timedelta(milliseconds=answer.ttl_ms))


def _found(answer: hb.StateValue) -> StateEntry | None:
    return _entry(answer) if answer.found else None
