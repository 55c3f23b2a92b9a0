"""The gRPC service: one table of methods, and the check that stands before all of them."""

from __future__ import annotations

import asyncio
import hmac
import logging
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, NoReturn

import grpc

from . import _convert
from ._host import GrpcHost
from ._runner import HandlerFailed, Runner, refusal
from ._stream import DecisionStream
from ._threads import Busy
from .call import Call
from .launch import Launch
from .plugin import PluginContext
from .proto import hkp_plugin_pb2 as pb

__all__ = ["Service"]

log = logging.getLogger("sdk")

_SERVICE = "/hkpplugin.HKPPlugin/"
_HEALTH = "/grpc.health.v1.Health/Check"
# HealthCheckRequest{service: "plugin"} and HealthCheckResponse{status: SERVING}: two messages of one
# field each, for which grpcio-health-checking would be one more dependency.
_HEALTH_REQUESTS = (b"", b"\x0a\x06plugin")
_SERVING = b"\x08\x01"

_DECISION_MS = 200
_DEFAULT_SHUTDOWN_SECONDS = 5
_LONGEST_SHUTDOWN_SECONDS = 300


class Refused(Exception):
    """A request that gets no decision."""

    def __init__(self, code: grpc.StatusCode, text: str) -> None:
        super().__init__(text)
        self.code = code


class Service(grpc.GenericRpcHandler):  # type: ignore[misc, unused-ignore]
    """What the gateway calls. Every method, also one that does not exist, is UNAUTHENTICATED without the secret."""

    def __init__(self, runner: Runner, launch: Launch, on_shutdown: Callable[[float], None]) -> None:
        self._runner = runner
        self._launch = launch
        self._on_shutdown = on_shutdown
        self._authorization = f"Bearer {launch.secret}".encode() if launch.secret is not None else None
        self._initializing = asyncio.Lock()
        self._accepted: pb.InitRequest | None = None
        self._grants: frozenset[str] | None = None
        self._host: GrpcHost | None = None
        self._streams: set[DecisionStream] = set()
        self._methods = self._table()
        self._refusal = grpc.stream_stream_rpc_method_handler(_unauthenticated)

    def service(self, details: Any) -> Any:
        """Finds a method; None: UNIMPLEMENTED."""
        if self._authorization is not None:
            given = next((value for key, value in details.invocation_metadata if key == "authorization"), "")
            data = given if isinstance(given, bytes) else given.encode()
            if not hmac.compare_digest(data, self._authorization):
                return self._refusal
        return self._methods.get(details.method)

    def _table(self) -> dict[str, Any]:
        plugin = self._runner.plugin
        unary: list[tuple[str, Callable[..., Awaitable[Any]], Any]] = [
            ("Initialize", self._initialize, pb.InitRequest), ("Shutdown", self._shutdown, pb.ShutdownRequest),
            ("GetInfo", self._get_info, pb.Empty), ("HealthCheck", self._health_check, pb.Empty),
            ("HandleRequest", self._handle_request, pb.HandleRequestEvent)]
        if plugin.overrides("on_response"):
            unary.append(("HandleUpstreamResponse", self._handle_response, pb.UpstreamResponseEvent))
        if plugin.overrides("on_events"):
            unary.append(("PublishEvents", self._publish_events, pb.EventBatch))
            unary.append(("PublishEvent", self._publish_event, pb.Event))
        if plugin.overrides("lookup"):
            unary.append(("QueryStorage", self._query_storage, pb.StorageQuery))
        table: dict[str, Any] = {
            _SERVICE + name: grpc.unary_unary_rpc_method_handler(method, request.FromString, _serialize)
            for name, method, request in unary}
        if plugin.options.stream:
            table[_SERVICE + "HandleRequests"] = grpc.stream_stream_rpc_method_handler(
                self._handle_requests, pb.HandleRequestEvent.FromString, _serialize)
        table[_HEALTH] = grpc.unary_unary_rpc_method_handler(_standard_health)
        return table

    # Getting to know each other

    async def _initialize(self, request: pb.InitRequest, context: Any) -> pb.InitResponse:
        async with self._initializing:
            first = self._accepted
            if first is None:
                error = await self._initialize_first(request)
            else:
                error = self._initialize_again(first, request)
        answer = self._welcome() if not error else pb.InitResponse(error=error)
        answer.auth_proof = self._launch.proof(request.nonce)
        return answer

    async def _initialize_first(self, request: pb.InitRequest) -> str:
        """What is wrong, or nothing."""
        grants = frozenset(request.granted_capabilities)
        timeout = _decision_time(request)
        host = GrpcHost(self._launch.host, grants, timeout)
        info = self._info()
        context = PluginContext(
            name=info.name, version=info.version, grants=grants, host=host, gateway_version=request.hockeypuck_version,
            protocol_version=request.protocol_version, environment=dict(request.environment),
            data_dir=self._launch.data_dir, timeout=timeout, loop=asyncio.get_running_loop())
        await host.warm_up()
        try:
            await self._runner.init(context, request.config_json)
        # Also SystemExit: the operator has to read why, and the gateway an answer.
        except (Exception, SystemExit) as error:
            await host.close()
            log.error("the plugin refuses to run", exc_info=error)
            return refusal(error)
        self._accepted, self._grants, self._host = request, grants, host
        return ""

    def _initialize_again(self, first: pb.InitRequest, request: pb.InitRequest) -> str:
        if first.instance_id == request.instance_id:
            return ""
        if not self._launch.outlives_gateways:
            return (f"expected: one Initialize in a process's life, got: instance id '{request.instance_id}' after"
                    f" '{first.instance_id}'; start a new process")
        if (first.config_json, set(first.granted_capabilities)) != (request.config_json, set(request.granted_capabilities)):
            return ("expected: the configuration and the grants of the first Initialize, got: others; a plugin takes them"
                    " once, so stop this one and start it again")
        return ""

    def _welcome(self) -> pb.InitResponse:
        plugin = self._runner.plugin
        options = plugin.options
        features = [
            name for name, there in (
                ("stream", options.stream), ("response", plugin.overrides("on_response")),
                ("events", plugin.overrides("on_events")), ("dry_run", options.dry_run)) if there]
        answer = pb.InitResponse(
            success=True, info=self._info(), features=features, max_message_bytes=options.max_message_bytes)
        if options.event_types is not None:
            answer.event_filter.event_types.extend(options.event_types)
            # Present also when it is empty, which means all.
            answer.event_filter.SetInParent()
        return answer

    def _info(self) -> pb.PluginInfo:
        plugin = self._runner.plugin
        return pb.PluginInfo(
            name=self._launch.name or type(plugin).__name__, version=self._launch.version or "0",
            description=plugin.options.description, capabilities=plugin.options.capabilities,
            metadata=plugin.options.metadata)

    async def _get_info(self, request: pb.Empty, context: Any) -> pb.PluginInfo:
        return self._info()

    async def _health_check(self, request: pb.Empty, context: Any) -> pb.HealthStatus:
        if self._grants is None:
            return pb.HealthStatus(message="not initialized yet", timestamp=int(time.time()))
        return _convert.health(await self._runner.health())

    async def _shutdown(self, request: pb.ShutdownRequest, context: Any) -> pb.ShutdownResponse:
        seconds = request.timeout_seconds if request.timeout_seconds > 0 else _DEFAULT_SHUTDOWN_SECONDS
        log.info("shutting down", extra={"reason": request.reason, "timeout_seconds": seconds})
        self._on_shutdown(min(seconds, _LONGEST_SHUTDOWN_SECONDS))
        return pb.ShutdownResponse(success=True)

    # Requests

    async def _handle_request(self, event: pb.HandleRequestEvent, context: Any) -> pb.HandleResponse:
        try:
            return await self._decide(event)
        except Refused as refused:
            await context.abort(refused.code, str(refused))
            raise

    async def _handle_requests(self, requests: Any, context: Any) -> None:
        # As many as run and may wait: what is beyond stays with the gateway, in place of being refused.
        stream = DecisionStream(context, self._decide_on_stream, 2 * self._runner.plugin.options.max_concurrent)
        self._streams.add(stream)
        try:
            await stream.run()
        finally:
            self._streams.discard(stream)

    async def _decide_on_stream(self, event: pb.HandleRequestEvent) -> pb.HandleResponse:
        try:
            return await self._decide(event)
        except Refused as refused:
            return _convert.failure(event.request_id, str(refused))

    async def _decide(self, event: pb.HandleRequestEvent) -> pb.HandleResponse:
        if event.dry_run and not self._runner.plugin.options.dry_run:
            raise Refused(grpc.StatusCode.FAILED_PRECONDITION,
                          "expected: no dry_run (the feature was not declared), got: one")
        grants = self._initialized()
        try:
            request = _convert.request(event, grants)
        except ValueError as error:
            raise _broken(event.request_id, error) from None
        answer: pb.HandleResponse = await _written(_convert.decision, event.request_id, self._runner.handle(request))
        return answer

    async def _handle_response(self, event: pb.UpstreamResponseEvent, context: Any) -> pb.UpstreamResponseDecision:
        try:
            self._initialized()
            try:
                response = _convert.response(event)
            except ValueError as error:
                raise _broken(event.request_id, error) from None
            answer: pb.UpstreamResponseDecision = await _written(
                _convert.response_decision, event.request_id, self._runner.on_response(response))
            return answer
        except Refused as refused:
            await context.abort(refused.code, str(refused))
            raise

    # Events and keys

    async def _publish_events(self, batch: pb.EventBatch, context: Any) -> pb.Empty:
        try:
            self._initialized()
            await _translated(self._runner.on_events(_convert.event_batch(batch)))
        except Refused as refused:
            await context.abort(refused.code, str(refused))
        return pb.Empty()

    async def _publish_event(self, event: pb.Event, context: Any) -> pb.Empty:
        return await self._publish_events(pb.EventBatch(events=[event]), context)

    async def _query_storage(self, query: pb.StorageQuery, context: Any) -> pb.StorageResponse:
        metadata = dict(context.invocation_metadata() or ())
        left = context.time_remaining()
        call = Call("", str(metadata.get("traceparent", "")), None if left is None else time.monotonic() + left)
        try:
            self._initialized()
            answer: pb.StorageResponse = await _written(
                lambda _, page: _convert.key_page(page), "", self._runner.lookup(_convert.key_query(query), call))
            return answer
        except Refused as refused:
            await context.abort(refused.code, str(refused))
            raise

    def _initialized(self) -> frozenset[str]:
        if self._grants is None:
            raise Refused(grpc.StatusCode.FAILED_PRECONDITION, "expected: Initialize first, got: another call")
        return self._grants

    # The end

    def end_streams(self) -> None:
        """Ends the open streams as soon as what came on them is answered: a server cannot end while one is open."""
        for stream in list(self._streams):
            stream.end()

    async def close_host(self) -> None:
        """Ends the way back to the gateway."""
        if self._host is not None:
            await self._host.close()


async def _translated(made: Awaitable[Any]) -> Any:
    try:
        return await made
    except Busy as busy:
        raise Refused(grpc.StatusCode.RESOURCE_EXHAUSTED, str(busy)) from None
    except HandlerFailed as failed:
        raise Refused(grpc.StatusCode.INTERNAL, str(failed)) from None


async def _written(write: Callable[[str, Any], Any], request_id: str, made: Awaitable[Any]) -> Any:
    """A decision as a message. A text that is no UTF-8, or a number that does not fit, is the author's failure, too."""
    decision = await _translated(made)
    try:
        return write(request_id, decision)
    # Whatever: attributes that an author's code has changed can be anything.
    except Exception as error:
        log.exception("the handler made what cannot be sent", extra={"request_id": request_id})
        raise Refused(grpc.StatusCode.INTERNAL, f"expected: what can be sent, got: {error}") from None


def _broken(request_id: str, error: ValueError) -> Refused:
    log.error("the gateway sent an event that breaks the protocol", extra={"request_id": request_id, "error": str(error)})
    return Refused(grpc.StatusCode.INVALID_ARGUMENT, str(error))


def _decision_time(request: pb.InitRequest) -> timedelta:
    """How long the gateway waits for a decision."""
    told = request.host.configuration
    numbers = [int(told[key]) for key in ("timeout_ms", "chain_budget_ms") if told.get(key, "").isdecimal()]
    return timedelta(milliseconds=min([number for number in numbers if number > 0], default=_DECISION_MS))


def _serialize(message: Any) -> bytes:
    data: bytes = message.SerializeToString()
    return data


async def _standard_health(request: bytes, context: Any) -> bytes:
    if request not in _HEALTH_REQUESTS:
        await context.abort(grpc.StatusCode.NOT_FOUND, "expected: the service plugin, got: another")
    return _SERVING


async def _unauthenticated(requests: Any, context: Any) -> NoReturn:
    await context.abort(grpc.StatusCode.UNAUTHENTICATED, "expected: authorization with the plugin's secret")
    raise AssertionError("abort raises")
