"""What plugins ask of their host, measured in rounds: calls one after the other, events, and requests beside events."""

import dataclasses
import os
import signal
import sys
import time
from typing import Tuple

from harness import processes, session
from harness.busy import Busy
from harness.processes import ProcessFailed
from harness.readings import Reading

# The events of a subscriber that was stopped, after it goes on; and those of a healthy one.
CATCH_UP_SECONDS = 60

# Until a flood that was begun is one, and until it is over after the last request.
LEAD_SECONDS = 1.0
LAG_SECONDS = 0.5

PLUGINS = ("caller", "writer", "second-writer", "reader", "other-reader")


@dataclasses.dataclass(frozen=True)
class Call:
    """Something that a plugin asks again and again."""

    name: str
    title: str
    gateway: str            # whose plugin asks
    kind: str               # as the caller program calls it
    server: str = ""        # what it asks itself: upstream or redis
    needs: Tuple[str, ...] = ()


CALLS = (
    Call("host-info", "host information, which costs nothing but the call", "local", "host-info"),
    Call("lookup-cached", "storage lookup, cached", "local", "lookup-cached"),
    Call("lookup-uncached", "storage lookup, not cached", "local", "lookup-uncached"),
    Call("http", "for scale: the plugin asks the keyserver itself", "local", "http", server="upstream"),
    Call("tokens-local", "token, in process", "local", "tokens"),
    Call("tokens-redis", "token, in Redis", "redis", "tokens", needs=("redis-server",)),
    Call("redis", "for scale: the plugin asks Redis itself, smallest script", "local", "redis", server="redis",
         needs=("redis-server",)),
)


@dataclasses.dataclass(frozen=True)
class Stream:
    """Plugins that publish as fast as they may, and one that reads."""

    name: str
    title: str
    writers: Tuple[str, ...]


STREAMS = (
    Stream("1-writer", "1 plugin publishes, another reads", ("writer",)),
    Stream("2-writers", "2 plugins publish, another reads", ("writer", "second-writer")),
)


@dataclasses.dataclass(frozen=True)
class Condition:
    """What happens beside requests."""

    name: str
    title: str
    emitted: bool = True
    healthy: bool = False    # a subscriber that reads
    stopped: bool = False    # a subscriber whose process is stopped


CONDITIONS = (
    Condition("quiet", "no events", emitted=False),
    Condition("unheard", "events, no subscriber"),
    Condition("healthy", "events, a healthy subscriber", healthy=True),
    Condition("stopped", "events, a stopped subscriber", stopped=True),
    Condition("both", "events, a healthy and a stopped subscriber", healthy=True, stopped=True),
)


class Hosting:
    """Measures; what was read so far is there at any time, after Ctrl-C too."""

    def __init__(self, gateways, servers, keeper, generator, options, plan):
        self.readings = []
        self.failures = {}
        self._gateways = gateways    # by name
        self._servers = servers      # addresses by name
        self._keeper = keeper
        self._load = generator       # None without wrk
        self._options = options
        self._plan = plan            # calls, streams, conditions
        self._started = time.monotonic()

    def run(self):
        """Everything, in rounds."""
        calls, streams, conditions = self._plan
        self._warm_up(calls, streams, conditions)
        for number in range(1, self._options.rounds + 1):
            for call in session.turn(calls, number):
                for callers in self._options.callers:
                    self._attempt(f"{call.name}-{callers}", lambda: self._call(call, callers, number))
            for stream in session.turn(streams, number):
                self._attempt(stream.name, lambda: self._stream(stream, number))
            for condition in session.turn(conditions, number):
                self._attempt(condition.name, lambda: self._requests(condition, number))

    def _attempt(self, name, action):
        if name in self.failures:
            return
        try:
            action()
        except (ProcessFailed, OSError) as failure:
            self.failures[name] = str(failure)
            self._say(f"{name} FAILED and is left out: {failure}")

    def _warm_up(self, calls, streams, conditions):
        """What a JVM has not done often is slow."""
        seconds = self._options.warmup
        if seconds == 0:
            return
        self._say(f"warming up, {seconds} s each")
        for call in calls:
            self._attempt(f"{call.name}-{self._options.callers[-1]}",
                          lambda: self._measured(call, self._options.callers[-1], seconds))
        if conditions:
            self._attempt(conditions[0].name, lambda: self._load.run(
                self._gateways["local"].port, seconds, "warm-up", [self._gateways["local"].process]))
        for stream in streams[-1:]:
            self._attempt(stream.name, lambda: self._streamed(stream, seconds))

    # Calls

    def _call(self, call, callers, number):
        with Busy(self._keeper) as busy:
            measured = self._measured(call, callers, self._options.seconds)
        self._note("calls", f"{call.name}-{callers}", number, {
            "rate": measured["calls"] / measured["seconds"], "p50": measured["p50"], "p99": measured["p99"],
            "errors": measured["errors"], "others": busy.others})
        if measured["errors"]:
            raise ProcessFailed(f"expected: no errors, got: {measured['errors']}, first {measured['error']}")

    def _measured(self, call, callers, seconds):
        return self._gateways[call.gateway].callers["caller"].ask(
            "calls", timeout=seconds + 60, kind=call.kind, callers=callers, seconds=seconds,
            address=self._servers.get(call.server, ""))

    # Events

    def _stream(self, stream, number):
        with Busy(self._keeper) as busy:
            values = self._streamed(stream, self._options.flood_seconds)
        self._note("events", stream.name, number, {**values, "others": busy.others})

    def _streamed(self, stream, seconds):
        gateway = self._gateways["local"]
        reader = Subscription(gateway, "reader", stream.writers)
        try:
            before = processes.seconds(gateway.process.pid)
            pending = [gateway.callers[writer].begin("emit", seconds + 60, type=_kind(writer), rate=0, seconds=seconds)
                       for writer in stream.writers]
            sent = [each.result() for each in pending]
            _check(sent)
            got = reader.await_all(sum(each["sent"] for each in sent))
            took = max(each["seconds"] for each in sent)
            used = processes.seconds(gateway.process.pid) - before
        finally:
            reader.close()
        count = sum(each["sent"] for each in sent)
        return {"emitted": count / took, "received": got["received"] / took, "lost": got["dropped"] / count,
                "batch": got["received"] / max(1, got["batches"]), "cpu": used * 1e6 / count}

    # Requests

    def _requests(self, condition, number):
        gateway = self._gateways["local"]
        subscriptions, values = {}, {}
        try:
            if condition.healthy:
                subscriptions["healthy"] = Subscription(gateway, "other-reader", ["writer"])
            if condition.stopped:
                subscriptions["stopped"] = Subscription(gateway, "reader", ["writer"])
            for subscription in subscriptions.values():
                subscription.begin()
            with Busy(self._keeper) as busy, _Stopped(gateway.pid("reader") if condition.stopped else None):
                pid, lost = gateway.process.pid, gateway.lost("reader")
                values["before"], used = processes.resident(pid) / 1e6, processes.seconds(pid)
                start = time.monotonic()
                sent, figures = self._flood(gateway, condition)
                values["cpu"] = (processes.seconds(pid) - used) / (time.monotonic() - start)
                values["after"] = processes.resident(pid) / 1e6
                # Counted while the subscriber still sleeps.
                values["lost asleep"] = gateway.lost("reader") - lost
            for kind, subscription in subscriptions.items():
                got = subscription.await_all(sent["sent"])
                values[kind + " received"], values[kind + " lost"] = got["received"], got["dropped"]
        finally:
            for subscription in subscriptions.values():
                subscription.close()
        errors = sum(figures[kind] for kind in ("connect", "read", "write", "status", "timeout"))
        self._note("requests", condition.name, number, {
            **values, "emitted": sent["sent"] / sent["seconds"] if sent["sent"] else 0,
            "rate": figures["requests"] / (figures["microseconds"] / 1e6), "p50": figures["p50"], "p99": figures["p99"],
            "errors": errors, "others": busy.others})

    def _flood(self, gateway, condition):
        seconds = self._options.flood_seconds
        if not condition.emitted:
            return {"sent": 0, "seconds": seconds}, self._send(gateway, condition)
        whole = seconds + LEAD_SECONDS + LAG_SECONDS
        flood = gateway.callers["writer"].begin("emit", whole + 60, type=_kind("writer"), rate=self._options.rate,
                                                seconds=whole)
        time.sleep(LEAD_SECONDS)
        figures = self._send(gateway, condition)
        sent = flood.result()
        _check([sent])
        return sent, figures

    def _send(self, gateway, condition):
        figures, _ = self._load.run(gateway.port, self._options.flood_seconds, condition.name, [gateway.process])
        return figures

    def _note(self, table, name, number, values):
        self.readings.append(Reading(table, name, number, values))
        shown = "  ".join(f"{key} {value:,.4g}" if value < 1000 else f"{key} {value:,.0f}"
                          for key, value in values.items() if key != "others")
        self._say(f"round {number}/{self._options.rounds} {table:<8} {name:<20} {shown}")

    def _say(self, text):
        seconds = int(time.monotonic() - self._started)
        print(f"[{seconds // 60:3d}:{seconds % 60:02d}] {text}", file=sys.stderr, flush=True)


class Subscription:
    """A plugin that reads the events of some writers, from one that certainly came on."""

    def __init__(self, gateway, reader, writers):
        self._caller = gateway.callers[reader]
        self._caller.ask("subscribe", type=[_kind(writer) for writer in writers])
        try:
            self._probe(gateway.callers[writers[0]], writers[0])
            self.begin()
        except BaseException:
            self.close()
            raise

    def _probe(self, writer, name):
        """Nothing says when a subscription stands, but that something comes."""
        probes, deadline = 0, time.monotonic() + CATCH_UP_SECONDS
        while True:
            _check([writer.ask("emit", type=_kind(name), rate=100, seconds=0.05)])
            probes += 1
            time.sleep(0.05)
            if self._now()["received"] > 0:
                return
            if time.monotonic() > deadline:
                raise ProcessFailed(f"{self._caller.name}: expected: an event of {name}, got: none of {probes} probes")

    def begin(self):
        """Counts from now on, when nothing is on its way any more: probes of another one come here too."""
        deadline, now = time.monotonic() + CATCH_UP_SECONDS, self._now()
        while True:
            time.sleep(0.1)
            seen, now = now, self._now()
            if now["received"] == seen["received"] or time.monotonic() > deadline:
                self._begin = now
                return now

    def _now(self):
        now = self._caller.ask("received")
        if not now["open"]:
            raise ProcessFailed(f"{self._caller.name}: expected: a stream of events, got: its end: {now.get('error')}")
        return now

    def await_all(self, sent):
        """Waits until each event came or is told to be lost; returns what came since the beginning."""
        deadline = time.monotonic() + CATCH_UP_SECONDS
        while True:
            now = self._now()
            got = {key: now[key] - self._begin[key] for key in ("received", "dropped", "batches", "disorder")}
            if got["disorder"]:
                raise ProcessFailed(f"{self._caller.name}: expected: events in order, got: {got}")
            if got["received"] + got["dropped"] == sent:
                return got
            if got["received"] + got["dropped"] > sent or time.monotonic() > deadline:
                raise ProcessFailed(f"{self._caller.name}: expected: {sent} events, received or lost, got: {got}")
            time.sleep(0.05)

    def close(self):
        """Reads no more."""
        self._caller.ask("unsubscribe")


class _Stopped:
    """Stops a process for as long as something lasts, whatever happens meanwhile."""

    def __init__(self, pid):
        self._pid = pid

    def __enter__(self):
        if self._pid is not None:
            os.kill(self._pid, signal.SIGSTOP)

    def __exit__(self, *exception):
        if self._pid is not None:
            os.kill(self._pid, signal.SIGCONT)


def _kind(writer):
    return f"plugin.{writer}.figure"


def _check(emissions):
    for each in emissions:
        if each.get("error"):
            raise ProcessFailed(f"expected: events that the gateway takes, got: {each['error']}")
