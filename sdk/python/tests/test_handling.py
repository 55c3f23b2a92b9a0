"""Requests, unary and on the stream, and what else the gateway calls; over gRPC with real processes."""

import asyncio
import queue

import grpc
import pytest
from gateway import SECONDS, event, eventually, initialize, started
from hkp_plugin._stream import DecisionStream
from hkp_plugin.proto import hkp_plugin_pb2 as pb


@pytest.fixture
def plugin(sockets):
    with started(sockets) as process:
        stub = process.connect(process.handshake())
        assert initialize(stub).success
        stub.process = process
        yield stub


def code(call) -> tuple[grpc.StatusCode, str]:
    with pytest.raises(grpc.RpcError) as error:
        call()
    return error.value.code(), error.value.details()


def counts(plugin) -> list[int]:
    """Most handlers at a time so far, and how many were cancelled."""
    return [int(part) for part in plugin.HandleRequest(event("/counts", "c"), timeout=SECONDS).body.split()]


class Stream:
    """The gateway's end of ``HandleRequests``."""

    def __init__(self, plugin) -> None:
        self._out = queue.Queue()
        self.answers = plugin.HandleRequests(iter(self._out.get, None), timeout=SECONDS)

    def send(self, *events) -> None:
        for one in events:
            self._out.put(one)

    def end(self) -> None:
        self._out.put(None)


def test_a_refusal(plugin):
    answer = plugin.HandleRequest(event("/deny"), timeout=SECONDS)
    assert not answer.continue_chain
    assert (answer.status_code, answer.body, answer.reason) == (429, b"no\n", "asked for")
    assert {one.name: one.value for one in answer.response_headers} == {
        "Retry-After": b"60", "Content-Type": b"text/plain; charset=utf-8"}


def test_changes(plugin):
    answer = plugin.HandleRequest(event("/change"), timeout=SECONDS)
    assert answer.continue_chain and answer.status_code == 0
    change = pb.HeaderMutation
    assert list(answer.request_headers) == [
        change(action=change.SET, name="X-Set", value=b"1"), change(action=change.REMOVE, name="X-Gone")]
    assert list(answer.response_headers) == [change(action=change.SET, name="X-Answer", value=b"2")]
    assert answer.rewrite == pb.RequestRewrite(query="op=get", replace_query=True)
    assert answer.HasField("body_replacement") and answer.body_replacement.body == b""
    assert dict(answer.annotations) == {"n": "3"} and answer.delay_ms == 250


def test_what_a_handler_sees(plugin):
    seen = plugin.HandleRequest(event(
        "/echo", tls=True, query_params={"op": "index"}, header_fields=[
            pb.HeaderField(name="X-Twice", value=b"1"), pb.HeaderField(name="x-twice", value=b"\xe9")],
        hkp=pb.HkpRequest(operation=pb.HkpRequest.LOOKUP_INDEX, search="ab", options=["mr"], machine_readable=True),
        body_state=pb.BODY_PREFIX, body=b"abc", body_length=10, annotations={"other.note": "1"}), timeout=SECONDS).body.decode()
    for text in ("id='r1'", "method='GET'", "query={'op': 'index'}", "Headers([('X-Twice', '1'), ('x-twice', 'é')])",
                 "Client(address=IPv4Address('192.0.2.7'), port=4711)", "tls=True", "operation=<Operation.LOOKUP_INDEX: 3>",
                 "search='ab'", "options=('mr',)", "Body(state=<BodyState.PREFIX: 2>, length=10)", "{'other.note': '1'}"):
        assert text in seen


def test_an_exception_fails_that_call_only(plugin):
    assert code(lambda: plugin.HandleRequest(event("/raise"), timeout=SECONDS)) == (
        grpc.StatusCode.INTERNAL, "handle failed: RuntimeError: as asked")
    status, text = code(lambda: plugin.HandleRequest(event("/nothing"), timeout=SECONDS))
    assert status is grpc.StatusCode.INTERNAL and "expected: a decision (allow, deny or respond), got: None" in text
    assert code(lambda: plugin.HandleRequest(event("/surrogate"), timeout=SECONDS))[0] is grpc.StatusCode.INTERNAL
    assert code(lambda: plugin.HandleRequest(pb.HandleRequestEvent(remote_addr="nobody"), timeout=SECONDS))[0] is (
        grpc.StatusCode.INVALID_ARGUMENT)
    assert plugin.HandleRequest(event("/"), timeout=SECONDS).continue_chain
    eventually(lambda: any("stacktrace" in line for line in plugin.process.log()))


@pytest.mark.parametrize(("kind", "path", "text"), [
    ("sample", "/sys-exit", "handle failed: SystemExit: 3"), ("sample", "/cancelled", "handle failed: CancelledError"),
    ("sample", "/broken", "expected: what can be sent"), ("blocking", "/sys-exit", "handle failed: SystemExit: 3"),
    ("blocking", "/stop-iteration", "RuntimeError: the method raised StopIteration")])
def test_whatever_a_handler_raises_is_answered_and_ends_nothing(sockets, kind, path, text):
    with started(sockets, kind) as process:
        plugin = process.connect(process.handshake())
        assert initialize(plugin).success
        status, details = code(lambda: plugin.HandleRequest(event(path), timeout=SECONDS))
        assert status is grpc.StatusCode.INTERNAL and text in details
        stream = Stream(plugin)
        stream.send(event(path, 1), event("/", 2))
        answers = {answer.request_id: answer for answer in (next(stream.answers) for _ in range(2))}
        assert not answers["r1"].continue_chain and answers["r1"].status_code == 0 and text in answers["r1"].reason
        assert answers["r2"].continue_chain
        stream.end()
        assert list(stream.answers) == []


def test_the_stream_answers_what_nobody_expects():
    """Also if the SDK itself is wrong: without an answer the gateway waits until its own deadline."""
    async def run():
        events = [event("/", 1), event("/", 2)]

        class Context:
            def __init__(self):
                self.written = []

            async def read(self):
                return events.pop(0) if events else grpc.aio.EOF

            async def write(self, answer):
                self.written.append(answer)

        async def decide(asked):
            if asked.request_id == "r1":
                raise KeyError("unheard of")
            return pb.HandleResponse(request_id=asked.request_id, continue_chain=True)

        context = Context()
        async with asyncio.timeout(SECONDS):
            await DecisionStream(context, decide, 8).run()
        assert {answer.request_id: answer.continue_chain for answer in context.written} == {"r1": False, "r2": True}
        assert "KeyError: 'unheard of'" in next(one.reason for one in context.written if one.request_id == "r1")

    asyncio.run(run())


def test_an_init_that_exits_is_a_refusal(sockets):
    with started(sockets) as process:
        plugin = process.connect(process.handshake())
        assert "SystemExit: as asked" in initialize(plugin, {"marker": "exit"}).error
        assert initialize(plugin).success


def test_a_cancelled_call_and_one_over_its_deadline_end_the_handler(plugin):
    call = plugin.HandleRequest.future(event("/wait"), timeout=SECONDS)
    eventually(lambda: any(line.get("path") == "/wait" for line in plugin.process.log()))
    call.cancel()
    eventually(lambda: counts(plugin)[1] == 1)
    assert code(lambda: plugin.HandleRequest(event("/wait"), timeout=0.05))[0] is grpc.StatusCode.DEADLINE_EXCEEDED
    eventually(lambda: counts(plugin)[1] == 2)


def test_concurrency_is_bounded_and_health_is_answered_all_the_same(plugin, sockets):
    file = sockets / "go"
    # 8 run and 8 wait; of 20 therefore 4 fail.
    calls = [plugin.HandleRequest.future(event("/until", number, query_params={"file": str(file)}), timeout=SECONDS)
             for number in range(20)]
    eventually(lambda: sum(call.done() for call in calls) == 4)
    assert {call.code() for call in calls if call.done()} == {grpc.StatusCode.RESOURCE_EXHAUSTED}
    assert plugin.HealthCheck(pb.Empty(), timeout=SECONDS).message == "as always"
    file.touch()
    assert sum(call.exception(SECONDS) is None for call in calls) == 16
    assert counts(plugin)[0] == 8


def test_too_large_a_message_is_refused(plugin):
    assert plugin.HandleRequest(event("/", body=bytes(900 * 1024)), timeout=SECONDS).continue_chain
    assert code(lambda: plugin.HandleRequest(event("/", body=bytes(1100 * 1024)), timeout=SECONDS))[0] is (
        grpc.StatusCode.RESOURCE_EXHAUSTED)


def test_the_stream_answers_in_any_order(plugin, sockets):
    file = sockets / "go"
    stream = Stream(plugin)
    stream.send(event("/until", 1, query_params={"file": str(file)}), event("/deny", 2), event("/", 3), event("/raise", 4),
                event("/surrogate", 5), pb.HandleRequestEvent(request_id="r6", remote_addr="nobody"))
    first = {answer.request_id: answer for answer in (next(stream.answers) for _ in range(5))}
    assert first["r2"].status_code == 429
    assert first["r3"].continue_chain
    assert not first["r4"].continue_chain and first["r4"].status_code == 0 and "as asked" in first["r4"].reason
    assert "what can be sent" in first["r5"].reason and "remote_addr: expected" in first["r6"].reason
    file.touch()
    last = next(stream.answers)
    assert last.request_id == "r1" and last.continue_chain
    stream.end()
    assert list(stream.answers) == []
    assert stream.answers.code() is grpc.StatusCode.OK


def test_what_is_cancelled_on_the_stream_is_not_answered(plugin):
    stream = Stream(plugin)
    stream.send(event("/wait", 1), event("/", 2))
    assert next(stream.answers).request_id == "r2"
    stream.send(pb.HandleRequestEvent(request_id="r1", cancel=True), pb.HandleRequestEvent(request_id="unknown", cancel=True))
    eventually(lambda: counts(plugin)[1] == 1)
    # What nobody waits for any longer is given up without being asked to.
    stream.send(event("/wait", 3, deadline_ms=50))
    late = next(stream.answers)
    assert (late.request_id, late.status_code, late.continue_chain) == ("r3", 0, False) and "deadline" in late.reason
    assert counts(plugin)[1] == 2
    stream.send(event("/deny", 4))
    stream.end()
    assert [answer.request_id for answer in stream.answers] == ["r4"]


def test_a_stream_that_breaks_ends_its_handlers_and_can_be_opened_again(plugin):
    stream = Stream(plugin)
    stream.send(event("/wait", 1), event("/", 2))
    next(stream.answers)
    stream.answers.cancel()
    eventually(lambda: counts(plugin)[1] == 1)
    again = Stream(plugin)
    again.send(event("/", 3))
    assert next(again.answers).request_id == "r3"
    stream.end()
    again.end()


def test_a_gateway_that_does_not_read_is_not_read_from(sockets):
    """Answers of 100 KB each, which nobody takes: flow control and the window hold the plugin back."""
    with started(sockets) as process:
        plugin = process.connect(process.handshake())
        initialize(plugin)
        stream = Stream(plugin)
        headers = {"X-Filler": "x" * 20_000}
        for number in range(1500):
            stream.send(event("/echo", number, headers=headers))
        eventually(lambda: sum(line["@message"] == "asked" for line in process.log()) >= 10)
        # Health still is answered. What was asked is what the window and gRPC's buffers hold.
        plugin.HealthCheck(pb.Empty(), timeout=SECONDS)
        assert sum(line["@message"] == "asked" for line in process.log()) < 500
        stream.end()
        answers = list(stream.answers)
        # None was refused because too many were waiting.
        assert {answer.status_code for answer in answers} == {200}
        assert len({answer.request_id for answer in answers}) == 1500


def test_what_is_beyond_the_bound_stays_with_the_gateway(plugin, sockets):
    """On the stream nothing is refused because much comes at once: 8 run, 8 wait, and the others are not read yet."""
    file = sockets / "go"
    stream = Stream(plugin)
    stream.send(*(event("/until", number, query_params={"file": str(file)}) for number in range(100)))
    eventually(lambda: sum(line.get("path") == "/until" for line in plugin.process.log()) == 8)
    file.touch()
    stream.end()
    answers = list(stream.answers)
    assert len(answers) == 100 and all(answer.continue_chain for answer in answers), answers
    assert counts(plugin)[0] == 8


def test_open_streams_end_with_shutdown(plugin):
    stream = Stream(plugin)
    stream.send(event("/", 1))
    next(stream.answers)
    plugin.Shutdown(pb.ShutdownRequest(timeout_seconds=50), timeout=SECONDS)
    assert list(stream.answers) == []
    assert stream.answers.code() is grpc.StatusCode.OK
    stream.end()
    assert plugin.process.exit_code() == 0


def test_the_response_phase(plugin):
    seen = plugin.HandleUpstreamResponse(
        pb.UpstreamResponseEvent(request_id="r", status_code=404, header_fields=[pb.HeaderField(name="A", value=b"1")]),
        timeout=SECONDS)
    assert seen.request_id == "r" and dict(seen.annotations) == {"seen": "yes"}
    assert [(one.name, one.value) for one in seen.response_headers] == [("X-Status", b"404")]
    assert code(lambda: plugin.HandleUpstreamResponse(pb.UpstreamResponseEvent(status_code=500), timeout=SECONDS))[0] is (
        grpc.StatusCode.INTERNAL)


def test_events(plugin):
    plugin.PublishEvents(pb.EventBatch(events=[pb.Event(type="key.changed"), pb.Event(type="key.submitted")], dropped=7),
                         timeout=SECONDS)
    plugin.PublishEvent(pb.Event(type="config.changed"), timeout=SECONDS)
    assert plugin.HandleRequest(event("/events"), timeout=SECONDS).body.decode() == (
        "['key.changed', 'key.submitted', 7, 'config.changed', 0]\n")


def test_a_plugin_that_has_keys(plugin):
    answer = plugin.QueryStorage(pb.StorageQuery(type=pb.StorageQuery.SEARCH, query="alice", limit=1000), timeout=SECONDS)
    assert answer.success and answer.total_count == 1 and list(answer.keys[0].user_ids) == ["search alice"]
    assert not plugin.QueryStorage(pb.StorageQuery(query="0xABCD"), timeout=SECONDS).success


def test_what_a_plugin_does_not_have_is_unimplemented_and_no_feature(sockets):
    with started(sockets, "blocking") as process:
        plugin = process.connect(process.handshake())
        answer = initialize(plugin)
        assert list(answer.features) == ["stream"]
        # As of the SDKs for other languages, and of a manifest that says nothing.
        assert list(answer.info.capabilities) == ["http.request", "http.respond"]
        assert answer.max_message_bytes == 4 * 1024 * 1024 and not answer.HasField("event_filter")
        for call in (lambda: plugin.HandleUpstreamResponse(pb.UpstreamResponseEvent(), timeout=SECONDS),
                     lambda: plugin.PublishEvents(pb.EventBatch(), timeout=SECONDS),
                     lambda: plugin.QueryStorage(pb.StorageQuery(), timeout=SECONDS)):
            assert code(call)[0] is grpc.StatusCode.UNIMPLEMENTED
        assert code(lambda: plugin.HandleRequest(event("/", dry_run=True), timeout=SECONDS))[0] is (
            grpc.StatusCode.FAILED_PRECONDITION)


def test_methods_that_are_not_async_run_in_few_threads(sockets):
    with started(sockets, "blocking") as process:
        plugin = process.connect(process.handshake())
        initialize(plugin)
        first, second = sockets / "1", sockets / "2"
        calls = [plugin.HandleRequest.future(event("/until", file.name, query_params={"file": str(file)}), timeout=SECONDS)
                 for file in (first, second)]
        waiting = plugin.HandleRequest.future(event("/", 3), timeout=SECONDS)
        assert plugin.HealthCheck(pb.Empty(), timeout=SECONDS).status == pb.HealthStatus.HEALTHY
        assert not waiting.done()
        second.touch()
        assert waiting.result(SECONDS).continue_chain
        assert calls[1].result(SECONDS).continue_chain and not calls[0].done()
        first.touch()
        assert calls[0].result(SECONDS).continue_chain


def test_dry_runs_are_decided(plugin):
    assert plugin.HandleRequest(event("/deny", dry_run=True), timeout=SECONDS).status_code == 429
