"""The way back to the gateway, against a host service on a unix socket, and over TLS."""

import asyncio
import json
import logging
import threading
import time
from dataclasses import replace
from datetime import timedelta

import grpc
import pytest
from gateway import SECONDS, Identity, event, initialize, started
from hkp_plugin import (
    Bucket, Event, HostError, Invalid, KeyInfo, NotGranted, Options, Plugin, PluginContext, QuotaExceeded, Unavailable, allow)
from hkp_plugin._host import GrpcHost
from hkp_plugin._runner import Runner
from hkp_plugin._service import Service
from hkp_plugin.call import Call, current
from hkp_plugin.launch import HostAddress, Launch
from hkp_plugin.logs import format_line
from hkp_plugin.proto import hkp_host_pb2 as hb
from hkp_plugin.proto import hkp_host_pb2_grpc as host_rpc
from hkp_plugin.proto import hkp_plugin_pb2 as pb
from hkp_plugin.testing import request

log = logging.getLogger("later")
TOKEN = "t0k3n"
ALL = frozenset(["state", "storage.query", "events.publish", "events.subscribe"])
TRACEPARENT = "00-" + "ab" * 16 + "-" + "cd" * 8 + "-01"


class FakePluginHost(host_rpc.PluginHostServicer):
    """Notes what it is asked, and fails as told."""

    def __init__(self) -> None:
        self.asked = []
        self.metadata = {}
        self.left = None
        self.failure = None
        self.published = []
        self.stream_ended = asyncio.Event()

    async def check(self, request, context):
        self.asked.append(request)
        self.metadata = dict(context.invocation_metadata())
        self.left = context.time_remaining()
        if self.metadata.get("authorization") != f"Bearer {TOKEN}":
            await context.abort(grpc.StatusCode.UNAUTHENTICATED, "no token")
        if self.failure:
            await context.abort(*self.failure)

    async def GetHostInfo(self, request, context):
        await self.check(request, context)
        return pb.HostInfo(version="9.9", protocol_version="1.0", loaded_plugins=[pb.PluginInfo(name="a", version="1")],
                           configuration={"replica": "r"})

    async def RequestStorage(self, request, context):
        await self.check(request, context)
        return pb.StorageResponse(success=True, total_count=7, keys=[pb.KeyInfo(
            fingerprint="AB", key_id="CD", user_ids=["alice"], creation_time=1, expiration_time=2, revoked=True, key_data=b"k")])

    async def StreamStorage(self, request, context):
        await self.check(request, context)
        try:
            for number in range(10_000):
                yield pb.KeyInfo(fingerprint=str(number), key_data=bytes(1000))
        finally:
            self.stream_ended.set()

    async def PublishEvent(self, request, context):
        await self.check(request, context)
        return pb.Empty()

    async def PublishEvents(self, requests, context):
        await self.check(None, context)
        async for one in requests:
            if one.type == "refused":
                await context.abort(grpc.StatusCode.INVALID_ARGUMENT, f"event {len(self.published)}: not yours")
            self.published.append(one.type)
        return pb.Empty()

    async def SubscribeEvents(self, request, context):
        await self.check(request, context)
        yield pb.EventBatch(events=[pb.Event(type="key.changed", data=b'{"a":1}', sequence=3, replica="r")], dropped=2)
        yield pb.EventBatch(events=[pb.Event(type="key.changed")])

    async def GetState(self, request, context):
        await self.check(request, context)
        if request.key == "slow":
            await asyncio.sleep(3600)
        return hb.StateValue(found=request.key == "there", value=b"v", version=5, ttl_ms=1500)

    async def PutState(self, request, context):
        await self.check(request, context)
        return hb.StateValue(found=True, value=request.value, version=6, ttl_ms=request.ttl_ms)

    async def CompareAndSetState(self, request, context):
        await self.check(request, context)
        return hb.CompareAndSetStateResponse(stored=request.expected_version == 0)

    async def DeleteState(self, request, context):
        await self.check(request, context)
        return pb.Empty()

    async def IncrementState(self, request, context):
        await self.check(request, context)
        return hb.IncrementStateResponse(value=request.delta + 1, remaining_ms=request.window_ms)

    async def AcquireTokens(self, request, context):
        await self.check(request, context)
        return hb.AcquireTokensResponse(acquired=False, remaining=1, retry_after_ms=250)


def with_host(sockets, test, grants=ALL, token=TOKEN, seconds=SECONDS * 4):
    """Runs a test with a client and the host that it talks to."""

    async def run():
        fake = FakePluginHost()
        server = grpc.aio.server()
        host_rpc.add_PluginHostServicer_to_server(fake, server)
        server.add_insecure_port(f"unix:{sockets}/host")
        await server.start()
        host = GrpcHost(HostAddress(f"unix:{sockets}/host", token), frozenset(grants), timedelta(seconds=seconds))
        try:
            async with asyncio.timeout(SECONDS):
                await test(host, fake)
        finally:
            await host.close()
            await server.stop(None)

    asyncio.run(run())


def test_state(sockets):
    async def test(host, fake):
        assert await host.state.get("absent") is None
        found = await host.state.get("there")
        assert (found.value, found.version, found.ttl) == (b"v", 5, timedelta(milliseconds=1500))
        assert (await host.state.put("k", b"w", timedelta(seconds=2))).ttl == timedelta(seconds=2)
        assert fake.asked[-1] == hb.PutStateRequest(key="k", value=b"w", ttl_ms=2000)
        assert (await host.state.put("k", b"w", 0.0001)).ttl == timedelta(milliseconds=1)
        assert (await host.state.put("k", b"w")).ttl == timedelta()
        swap = await host.state.compare_and_set("k", 4, b"w")
        assert (swap.stored, swap.current) == (False, None)
        await host.state.delete("k")
        count = await host.state.increment("k", 2, 60)
        assert (count.value, count.remaining) == (3, timedelta(minutes=1))
        acquired = await host.state.acquire("k", Bucket(10, 5, timedelta(seconds=1)), 3)
        assert (acquired.acquired, acquired.remaining, acquired.retry_after) == (False, 1, timedelta(milliseconds=250))
        assert fake.asked[-1] == hb.AcquireTokensRequest(
            key="k", tokens=3, capacity=10, refill_tokens=5, refill_period_ms=1000)

    with_host(sockets, test)


def test_storage(sockets):
    async def test(host, fake):
        page = await host.storage.lookup("0xAB", limit=5, offset=2)
        assert page.total == 7
        assert page.keys == (KeyInfo("AB", "CD", ("alice",), 1, 2, True, b"k"),)
        assert fake.asked[-1] == pb.StorageQuery(type=pb.StorageQuery.LOOKUP, query="0xAB", limit=5, offset=2)
        await host.storage.search("alice", exact=True)
        assert fake.asked[-1] == pb.StorageQuery(
            type=pb.StorageQuery.SEARCH, query="alice", options={"exact": "on"}, limit=100)
        await host.storage.fetch("0xAB")
        assert fake.asked[-1].type == pb.StorageQuery.FETCH
        assert len([key async for key in host.storage.stream("alice")]) == 10_000

    with_host(sockets, test)


def test_a_reader_that_stops_early_ends_the_stream(sockets):
    async def test(host, fake):
        keys = host.storage.stream("alice")
        assert (await anext(keys)).fingerprint == "0"
        await keys.aclose()
        await fake.stream_ended.wait()

    with_host(sockets, test)


def test_events(sockets):
    async def test(host, fake):
        await host.events.publish(Event.of("plugin.test.x", {"a": 1}, cluster=True, client="c"))
        assert fake.asked[-1] == pb.Event(type="plugin.test.x", data=b'{"a": 1}', cluster=True, metadata={"client": "c"})
        await host.events.publish_many(Event(str(number)) for number in range(100))
        assert fake.published == [str(number) for number in range(100)]

        async def more():
            yield Event("good")
            yield Event("refused")
            for _ in range(100_000):
                yield Event("never")

        with pytest.raises(Invalid, match="not yours"):
            await host.events.publish_many(more())
        assert "good" in fake.published and "never" not in fake.published
        batches = []
        with pytest.raises(Unavailable, match="ended the subscription"):
            async for batch in host.events.subscribe("key.*", client="c"):
                batches.append(batch)
        assert fake.asked[-1] == pb.EventFilter(event_types=["key.*"], metadata_filters={"client": "c"})
        assert batches[0].dropped == 2 and batches[0].events[0].json() == {"a": 1} and len(batches) == 2

    with_host(sockets, test)


@pytest.mark.parametrize(("status", "error"), [
    (grpc.StatusCode.UNAVAILABLE, Unavailable), (grpc.StatusCode.RESOURCE_EXHAUSTED, QuotaExceeded),
    (grpc.StatusCode.INVALID_ARGUMENT, Invalid), (grpc.StatusCode.PERMISSION_DENIED, NotGranted),
    (grpc.StatusCode.UNAUTHENTICATED, NotGranted), (grpc.StatusCode.INTERNAL, HostError)])
def test_failures_say_what_to_make_of_them(sockets, status, error):
    async def test(host, fake):
        fake.failure = (status, "the gateway's words")
        with pytest.raises(error, match="the gateway's words") as raised:
            await host.state.get("k")
        assert type(raised.value) is error
        if error is NotGranted:
            assert raised.value.grant == "state"

    with_host(sockets, test)


def test_what_is_not_granted_is_not_asked(sockets):
    async def test(host, fake):
        for call, grant in (
                (host.state.get("k"), "state"), (host.storage.lookup("0xAB"), "storage.query"),
                (anext(host.storage.stream("x")), "storage.query"), (host.events.publish(Event("x")), "events.publish"),
                (host.events.publish_many([]), "events.publish"), (anext(host.events.subscribe()), "events.subscribe")):
            with pytest.raises(NotGranted, match=f"expected: the grant {grant}") as raised:
                await call
            assert raised.value.grant == grant
        assert fake.asked == []
        assert (await host.info()).configuration == {"replica": "r"}

    with_host(sockets, test, grants=())


def test_every_call_has_a_deadline(sockets):
    async def test(host, fake):
        with pytest.raises(Unavailable, match="DEADLINE_EXCEEDED"):
            await host.state.get("slow", timeout=0.05)
        await host.state.get("k")
        # gRPC rounds what it sends. Without a request at hand there is more time.
        assert 4 < fake.left <= 7
        await host.storage.lookup("0xAB")
        assert 0 < fake.left <= 12
        # What is left of the request at hand bounds it.
        current.set(Call("r", TRACEPARENT, asyncio.get_running_loop().time() + 5))
        await host.storage.lookup("0xAB")
        assert 0 < fake.left <= 7
        assert fake.metadata["traceparent"] == TRACEPARENT
        current.set(Call("r", "", asyncio.get_running_loop().time() - 5))
        with pytest.raises(Unavailable):
            await host.state.get("k")

    with_host(sockets, test)


def test_a_quarter_of_the_time_for_a_decision_is_for_a_call_of_the_state(sockets):
    async def test(host, fake):
        current.set(Call("r"))
        with pytest.raises(Unavailable, match="DEADLINE_EXCEEDED"):
            await host.state.get("slow")

    with_host(sockets, test, seconds=0.2)


class Later(Plugin[dict]):
    """Starts what outlives the request."""

    options = Options(threads=1)

    async def init(self):
        self.go_on = asyncio.Event()
        self.tasks = []

    async def handle(self, request):
        self.call = current.get()
        self.tasks.append(asyncio.create_task(self.refresh()))
        return allow()

    async def refresh(self):
        await self.go_on.wait()
        log.info("refreshes")
        return await self.context.host.state.get("there")


class LaterInThreads(Later):
    def handle(self, request):
        self.call = current.get()
        self.tasks.append(asyncio.run_coroutine_threadsafe(self.refresh(), self.context.loop))
        return allow()


@pytest.mark.parametrize("kind", [Later, LaterInThreads])
def test_a_task_that_outlives_its_request_has_no_deadline_of_it(sockets, kind):
    async def test(host, fake):
        plugin = kind()
        runner = Runner(plugin)
        await runner.init(PluginContext(name="n", version="1", grants=ALL, host=host, loop=asyncio.get_running_loop()), "{}")
        asked = replace(request("GET /pks/stats", traceparent=TRACEPARENT), deadline=time.monotonic() + SECONDS)
        await asyncio.create_task(runner.handle(asked))
        # As if it were much later.
        plugin.call.deadline = time.monotonic() - 1
        plugin.go_on.set()
        task = plugin.tasks[0]
        found = await (asyncio.wrap_future(task) if kind is LaterInThreads else task)
        assert found.value == b"v"
        assert 4 < fake.left <= 7 and "traceparent" not in fake.metadata
        await runner.close(1)

    lines = []

    class Handler(logging.Handler):
        def emit(self, record):
            lines.append(json.loads(format_line(record)))

    handler = Handler()
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    try:
        with_host(sockets, test, seconds=1)
    finally:
        log.removeHandler(handler)
    assert [line["@message"] for line in lines] == ["refreshes"]
    assert "request_id" not in lines[0] and "trace_id" not in lines[0]


def test_a_task_of_a_handler_that_runs_has_its_deadline(sockets):
    """Also in a thread that nobody waits for any longer."""
    class Waits(Plugin[dict]):
        def handle(self, request):
            release.wait(SECONDS)
            try:
                self.context.wait(self.context.host.state.get("there"))
            except Unavailable as error:
                found.append(error)
            ended.set()
            return allow()

    release, ended, found = threading.Event(), threading.Event(), []

    async def test(host, fake):
        runner = Runner(Waits())
        await runner.init(PluginContext(name="n", version="1", grants=ALL, host=host, loop=asyncio.get_running_loop()), "{}")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await runner.handle(replace(request("GET /pks/stats"), deadline=time.monotonic()))
        release.set()
        await asyncio.to_thread(ended.wait, SECONDS)
        assert "a deadline that has passed" in str(found[0]) and fake.asked == []
        await runner.close(1)

    with_host(sockets, test)


def initialized(sockets, plugin, grants, answer=True):
    """What the host has been asked when a plugin has been initialized by a gateway that has it or has not."""
    async def run():
        fake = FakePluginHost()
        server = grpc.aio.server()
        host_rpc.add_PluginHostServicer_to_server(fake, server)
        server.add_insecure_port(f"unix:{sockets}/host")
        if answer:
            await server.start()
        launch = Launch(host=HostAddress(f"unix:{sockets}/host", TOKEN), by_hand=True)
        service = Service(Runner(plugin), launch, lambda seconds: None)
        try:
            async with asyncio.timeout(SECONDS):
                answered = await service._initialize(pb.InitRequest(config_json="{}", granted_capabilities=grants), None)
            assert answered.success
        finally:
            await service.close_host()
            await server.stop(None)
        return fake

    return asyncio.run(run())


def test_the_connection_is_made_before_init(sockets, caplog):
    class Asks(Plugin[dict]):
        async def init(self):
            await self.context.host.state.get("k")

    fake = initialized(sockets, Asks(), ["state"])
    assert fake.asked == [pb.Empty(), hb.StateKey(key="k")]
    # Who may ask nothing needs no connection.
    assert initialized(sockets, Later(), ["http.request"]).asked == []
    assert initialized(sockets, Later(), ["state"], answer=False).asked == []
    assert "the gateway's host service does not answer" in caplog.text


def test_a_wrong_token_and_no_gateway(sockets):
    async def wrong(host, fake):
        with pytest.raises(NotGranted, match="no token"):
            await host.state.get("k")

    with_host(sockets, wrong, token="other")

    async def nobody():
        host = GrpcHost(HostAddress(f"unix:{sockets}/nobody", TOKEN), ALL, timedelta(seconds=1))
        with pytest.raises(Unavailable):
            await host.info()
        await host.close()
        with pytest.raises(Unavailable, match="expected: PLUGIN_HOST_ADDRESS"):
            await GrpcHost(None, ALL, timedelta(seconds=1)).info()

    asyncio.run(nobody())


def test_what_protobuf_refuses_is_invalid(sockets):
    async def test(host, fake):
        with pytest.raises(Invalid):
            await host.state.increment("k", 2**70)

    with_host(sockets, test)


@pytest.mark.parametrize("kind", ["sample", "blocking"])
def test_a_plugin_asks_its_gateway(sockets, kind):
    async def run():
        fake = FakePluginHost()
        server = grpc.aio.server()
        host_rpc.add_PluginHostServicer_to_server(fake, server)
        server.add_insecure_port(f"unix:{sockets}/host")
        await server.start()
        try:
            await asyncio.to_thread(ask)
        finally:
            await server.stop(None)
        assert fake.metadata["traceparent"] == TRACEPARENT
        assert 0 < fake.left <= 7

    def ask():
        with started(sockets, kind, PLUGIN_HOST_ADDRESS=f"unix:{sockets}/host", PLUGIN_HOST_TOKEN=TOKEN) as process:
            plugin = process.connect(process.handshake())
            assert initialize(plugin).success
            assert plugin.HandleRequest(event("/info", traceparent=TRACEPARENT), timeout=SECONDS).body == b"9.9\n"

    asyncio.run(run())


def test_elsewhere_it_asks_over_tls(sockets):
    server_identity, own = Identity(), Identity()
    (sockets / "ca.pem").write_bytes(server_identity.pem)
    (sockets / "own.pem").write_bytes(own.pem)
    (sockets / "own.key").write_bytes(own.key_pem)

    async def run():
        fake = FakePluginHost()
        server = grpc.aio.server()
        host_rpc.add_PluginHostServicer_to_server(fake, server)
        port = server.add_secure_port("127.0.0.1:0", grpc.ssl_server_credentials(
            [(server_identity.key_pem, server_identity.pem)], own.pem, require_client_auth=True))
        await server.start()
        try:
            address = HostAddress.parse({
                "PLUGIN_HOST_ADDRESS": f"localhost:{port}", "PLUGIN_HOST_TOKEN": TOKEN,
                "PLUGIN_HOST_CA_FILE": str(sockets / "ca.pem"), "PLUGIN_HOST_CERT_FILE": str(sockets / "own.pem"),
                "PLUGIN_HOST_KEY_FILE": str(sockets / "own.key")})
            host = GrpcHost(address, ALL, timedelta(seconds=1))
            assert (await host.info(timeout=SECONDS)).version == "9.9"
            await host.close()
            stranger = GrpcHost(
                HostAddress(address.target, TOKEN, address.authorities), ALL, timedelta(seconds=1))
            with pytest.raises(Unavailable):
                await stranger.info(timeout=SECONDS)
            await stranger.close()
            unknown = GrpcHost(
                HostAddress(address.target, TOKEN, own.pem, own.pem, own.key_pem), ALL, timedelta(seconds=1))
            with pytest.raises(Unavailable):
                await unknown.info(timeout=SECONDS)
            await unknown.close()
        finally:
            await server.stop(None)

    asyncio.run(run())
