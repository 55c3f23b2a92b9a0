"""The harness with which authors test their plugins."""

import asyncio
import sys
from dataclasses import dataclass
from datetime import timedelta

import pytest
from hkp_plugin import (
    Allow, Bucket, ConfigError, Event, Health, HkpQuery, KeyInfo, KeyPage, KeyQuery, NotGranted, Operation, Options, Plugin,
    Respond, Unavailable, allow, deny, keep)
from hkp_plugin.testing import ALL_GRANTS, AsyncHarness, DecisionRefused, Harness, hkp_query, request


@dataclass(frozen=True)
class Config:
    most: int = 2


class Limits(Plugin[Config]):
    """Uses all that there is."""

    options = Options(dry_run=True)

    async def init(self):
        if self.config.most == 13:
            raise RuntimeError("not today")
        self.heard = []
        self.closed = 0

    async def handle(self, request):
        if request.path == "/raise":
            raise KeyError("as asked")
        if request.path == "/modify":
            return allow().set_request_header("A", "1")
        if request.path == "/rewrite":
            return allow().rewrite(path="/")
        if request.path == "/body":
            return allow().replace_body(b"x")
        if request.path == "/nothing":
            return None
        if request.path == "/exit":
            sys.exit(3)
        if request.path == "/answer-header":
            return allow().set_response_header("X-A", "1")
        if request.path == "/cookie":
            return allow().add_response_header("set-cookie", "a=b")
        if request.path == "/credentials":
            return allow().remove_request_header("COOKIE")
        if request.path == "/authorization":
            return allow().set_request_header("Authorization", "x")
        taken = await self.context.host.state.acquire(str(request.client), Bucket(self.config.most, self.config.most, 10))
        if not taken.acquired:
            await self.context.host.events.publish(Event.of("plugin.limits.refused", client=request.client))
            return deny(429).retry_after(taken.retry_after)
        return allow()

    def on_response(self, response):
        self.seen = response
        if response.status == 302:
            return keep().set_header("Set-Cookie", "a=b")
        return keep().set_header("X", str(response.status)) if response.status >= 400 else None

    async def on_events(self, batch):
        self.heard += batch.events

    async def lookup(self, query):
        return await self.context.host.storage.search(query.query)

    async def health(self):
        return Health.healthy("fine", now=self.context.clock())

    async def close(self):
        self.closed += 1


SEARCH = "GET /pks/lookup?op=index&search=alice"


def test_a_limit_with_time_that_passes_when_told():
    with Harness(Limits, name="limits") as plugin:
        assert [type(plugin.handle(SEARCH)) for _ in range(3)] == [Allow, Allow, Respond]
        assert plugin.handle(SEARCH).response_header("Retry-After") == "5"
        assert isinstance(plugin.handle(SEARCH, client="2001:db8::7"), Allow)
        assert [event.metadata for event in plugin.host.published] == [{"client": "192.0.2.7"}] * 2
        plugin.clock.advance(timedelta(seconds=5))
        assert isinstance(plugin.handle(SEARCH), Allow)
        assert plugin.host.asked.count("state.acquire") == 6
        assert len([one for one in plugin.handle_all(*[SEARCH] * 10) if isinstance(one, Respond)]) == 10
    assert plugin.plugin.closed == 1


def test_configuration_and_refusals():
    with Harness(Limits, '{"most": "1"}') as plugin:
        assert plugin.plugin.config == Config(1)
    with pytest.raises(ConfigError, match="'most': expected: a whole number, got"), Harness(Limits, {"most": "x"}):
        pass
    with pytest.raises(RuntimeError, match="not today"), Harness(Limits, {"most": 13}):
        pass


def test_what_a_plugin_raises_is_raised():
    with Harness(Limits) as plugin:
        with pytest.raises(KeyError, match="as asked"):
            plugin.handle("GET /raise")
        with pytest.raises(Exception, match="expected: a decision"):
            plugin.handle("GET /nothing")


def test_a_gateway_that_is_away():
    with Harness(Limits) as plugin:
        plugin.host.failure = Unavailable("gone")
        with pytest.raises(Unavailable, match="gone"):
            plugin.handle(SEARCH)


@pytest.mark.parametrize(("path", "grant"), [
    ("/modify", "http.request.modify"), ("/rewrite", "http.request.rewrite"), ("/body", "http.request.body"),
    ("/answer-header", "http.respond"), ("/cookie", "http.respond"), ("/cookie", "http.credentials"),
    ("/credentials", "http.credentials"), ("/authorization", "http.credentials"), ("/authorization", "http.request.modify")])
def test_withheld_grants_are_noticed(path, grant):
    with Harness(Limits, grants=ALL_GRANTS - {grant}) as plugin, pytest.raises(DecisionRefused, match=f"the grant {grant}"):
        plugin.handle(f"POST {path}", body="x")
    with Harness(Limits) as plugin:
        assert isinstance(plugin.handle(f"POST {path}", body="x"), Allow)


def test_the_answer_as_a_gateway_cuts_it_down():
    with Harness(Limits) as plugin:
        assert plugin.on_response(302).response_header("Set-Cookie") == "a=b"
        plugin.on_response(200, headers={"Set-Cookie": "a=b", "X": "y"})
        assert plugin.plugin.seen.headers.first("set-cookie") == "a=b" and plugin.plugin.seen.method == "GET"
    with Harness(Limits, grants={"http.response"}) as plugin:
        with pytest.raises(DecisionRefused, match="the grant http.credentials for a change of the header Set-Cookie"):
            plugin.on_response(302)
        plugin.on_response(200, headers={"Set-Cookie": "a=b", "X": "y"}, annotations={"a.b": "c"})
        seen = plugin.plugin.seen
        assert list(seen.headers) == [("X", "y")] and (seen.method, seen.client, dict(seen.annotations)) == ("", None, {})


def test_a_handler_that_exits_is_a_failure():
    with Harness(Limits) as plugin:
        with pytest.raises(Exception, match="handle failed: SystemExit: 3"):
            plugin.handle("GET /exit")
        assert isinstance(plugin.handle(SEARCH), Allow)


def test_withheld_grants_of_the_host():
    with Harness(Limits, grants={"http.request"}) as plugin, pytest.raises(NotGranted, match="the grant state"):
        plugin.handle(SEARCH)
    with Harness(Limits, {"most": 1}, grants={"http.request", "state", "events.publish"}, name="limits") as plugin:
        plugin.handle(SEARCH)
        with pytest.raises(DecisionRefused, match="the grant http.respond"):
            plugin.handle(SEARCH)


def test_a_body_can_only_be_replaced_if_all_of_it_was_there():
    with Harness(Limits) as plugin:
        for arguments in ({}, {"body": "abc", "prefix": 2}):
            with pytest.raises(DecisionRefused, match="for a complete body"):
                plugin.handle("POST /body", **arguments)


def test_the_other_methods():
    with Harness(Limits) as plugin:
        assert plugin.on_response(404, SEARCH).response_header("X") == "404"
        assert plugin.on_response() == keep()
        plugin.on_events(Event("key.changed"), dropped=1)
        assert plugin.plugin.heard == [Event("key.changed")]
        plugin.host.keys.append(KeyInfo("A" * 40, user_ids=("Alice <alice@lab.example>",), key_data=b"k"))
        page = plugin.lookup(KeyQuery("search", "alice"))
        assert page == KeyPage((KeyInfo("A" * 40, user_ids=("Alice <alice@lab.example>",)),), 1)
        assert plugin.health().message == "fine"


def test_outside_of_its_block_it_says_so():
    plugin = Harness(Limits)
    with pytest.raises(RuntimeError, match="inside of its with block"):
        plugin.handle(SEARCH)


def test_async_tests():
    async def test():
        async with AsyncHarness(Limits, name="limits") as plugin:
            assert isinstance(await plugin.handle(SEARCH), Allow)
            batches = plugin.host.events.subscribe("a.*", of="me")
            waiting = asyncio.ensure_future(anext(batches))
            while not plugin.host.subscribers:
                await asyncio.sleep(0)
            plugin.host.emit(Event("b.x", metadata={"of": "me"}), Event("a.x"), Event("a.y", metadata={"of": "me"}))
            assert [event.type for event in (await waiting).events] == ["a.y"]
            await batches.aclose()

    asyncio.run(test())


def test_the_fake_state():
    with Harness(Limits) as plugin:
        state, run = plugin.host.state, plugin.run
        assert run(state.get("k")) is None
        first = run(state.put("k", b"1", 10))
        assert first.ttl == timedelta(seconds=10)
        assert not run(state.compare_and_set("k", 0, b"2")).stored
        swap = run(state.compare_and_set("k", first.version, b"2", 10))
        assert swap.stored and swap.current.value == b"2" and swap.current.version != first.version
        plugin.clock.advance(10)
        assert run(state.get("k")) is None
        assert run(state.increment("k", 0, 5)).value == 0
        assert run(state.increment("k", 2, 5)).value == 2
        plugin.clock.advance(3)
        count = run(state.increment("k", 1, 5))
        assert (count.value, count.remaining) == (3, timedelta(seconds=2))
        plugin.clock.advance(2)
        assert run(state.increment("k", 1)).value == 1
        assert run(state.acquire("k", Bucket(3, 1, 1), 0)).remaining == 3
        assert run(state.acquire("k", Bucket(3, 1, 1), 3)).acquired
        run(state.delete("k"))
        assert run(state.acquire("k", Bucket(3, 1, 1), 3)).acquired
        with pytest.raises(Exception, match="1 to 256 bytes"):
            run(state.get(""))


def test_methods_that_are_not_async():
    class Waits(Plugin[dict]):
        def handle(self, request):
            return deny(403) if self.context.wait(self.context.host.state.increment("n")).value > 1 else allow()

        async def health(self):
            # Here it would wait for itself.
            self.context.wait(self.context.host.info())

    with Harness(Waits) as plugin:
        assert [type(plugin.handle(SEARCH)) for _ in range(2)] == [Allow, Respond]
        assert "use await there" in plugin.health().message


FINGERPRINT = "a1" * 20


@pytest.mark.parametrize(("line", "expected"), [
    ("GET /", None), ("GET /pksx", None), ("GET /pks", HkpQuery(Operation.OTHER)),
    ("GET /pks/lookup?op=get&options=mr&search=0x" + FINGERPRINT, HkpQuery(
        Operation.LOOKUP_GET, "0x" + FINGERPRINT, fingerprint=FINGERPRINT.upper(), options=("mr",), machine_readable=True)),
    ("GET /pks/lookup?op=index&search=0xabcdef01&exact=on&hash=on&fingerprint=on", HkpQuery(
        Operation.LOOKUP_INDEX, "0xabcdef01", key_id="ABCDEF01", exact=True, show_hash=True, show_fingerprint=True)),
    ("GET /pks/lookup?op=vindex&search=alice%40lab.example&options=mr,nm", HkpQuery(
        Operation.LOOKUP_VINDEX, "alice@lab.example", options=("mr", "nm"), machine_readable=True)),
    ("GET /pks/lookup?op=hget&search=" + "ab" * 16, HkpQuery(Operation.LOOKUP_HGET, "ab" * 16)),
    ("GET /pks/lookup?op=stats&search=x", HkpQuery(Operation.LOOKUP_STATS)),
    ("GET /pks/lookup?op=x", HkpQuery(Operation.OTHER)), ("POST /pks/lookup?op=get", HkpQuery(Operation.OTHER)),
    ("POST /pks/add", HkpQuery(Operation.ADD)), ("GET /pks/add", HkpQuery(Operation.OTHER)),
    ("POST /pks/replace", HkpQuery(Operation.REPLACE)), ("POST /pks/delete", HkpQuery(Operation.DELETE)),
    ("POST /pks/hashquery", HkpQuery(Operation.HASHQUERY)), ("POST /pks/v2/certs", HkpQuery(Operation.V2_ADD)),
    ("GET /pks/stats", HkpQuery(Operation.STATS)), ("HEAD /pks/health", HkpQuery(Operation.HEALTH)),
    ("GET /pks/v2/certs/by-vfingerprint/04" + FINGERPRINT, HkpQuery(
        Operation.V2_CERTS_BY_VFINGERPRINT, "04" + FINGERPRINT, fingerprint=FINGERPRINT.upper())),
    ("GET /pks/v2/certs/by-keyid/" + "ab" * 8, HkpQuery(Operation.V2_CERTS_BY_KEYID, "ab" * 8, key_id="AB" * 8)),
    ("GET /pks/v2/certs/by-identity/a%40b", HkpQuery(Operation.V2_CERTS_BY_IDENTITY, "a@b")),
    ("GET /pks/v2/index/a", HkpQuery(Operation.V2_INDEX, "a")),
    ("GET /pks/v2/prefixlog/2026-01-01", HkpQuery(Operation.V2_PREFIXLOG, "2026-01-01")),
    ("GET /pks/v2/index/a/b", HkpQuery(Operation.OTHER)),
])
def test_targets_are_read_as_the_gateway_does(line, expected):
    assert hkp_query(*line.split(" ")) == expected
    assert request(line).hkp == expected


def test_requests():
    made = request("POST /pks/a%64d?x=1&x=2&y", headers=[("A", "1"), ("a", "2")], body="abc", prefix=2, client="[2001:db8::7]:5")
    assert (made.method, made.path, made.target, made.query) == ("POST", "/pks/add", "/pks/a%64d?x=1&x=2&y", {"x": "1", "y": ""})
    assert made.headers.all("A") == ["1", "2"] and made.headers.first("a") == "1" and "a" in made.headers
    assert made.headers.first("none") == "" and "none" not in made.headers
    assert (made.body.state.name, made.body.data, made.body.length) == ("PREFIX", b"ab", 3)
    assert (str(made.client), made.client.port) == ("2001:db8::7", 5)
    assert str(request("GET /", client="::ffff:192.0.2.1").client) == "192.0.2.1"
    cut = request("GET /", headers={"Cookie": "a"}, body="x", grants=frozenset())
    assert "Cookie" not in cut.headers and cut.body.state.name == "WITHHELD"
    with pytest.raises(ValueError, match="expected: a method and a target"):
        request("/pks/stats")
