"""The command `figures`: options, what is missing, what is started, the run, the report."""

import argparse
import os
import shlex
import socket
import sys
import time

from harness import builds, cli, figurepage, hosting, load, machine, proxies, rounds
from harness.callers import CallingGateway
from harness.processes import ProcessFailed
from harness.room import Room

ROOT = cli.ROOT

# A plugin that does not answer for three health checks in a row is replaced.
_LONGEST_FLOOD = 15


def main(arguments=None):
    """Runs the command; returns the exit code: 0, 1 when something failed, 2 for wrong use, 130 after Ctrl-C."""
    options = _options(arguments)
    return cli.guarded("figures", lambda: _measure(options))


def _options(arguments):
    parser = argparse.ArgumentParser(
        prog="bench/figures", formatter_class=argparse.ArgumentDefaultsHelpFormatter,
        description="Measures what plugins ask of the gateway, all on this machine and in one run.")
    parser.add_argument("--only", default="calls,events,requests", help="which tables")
    parser.add_argument("--rounds", type=cli.positive, default=3, help="how often each figure is measured")
    parser.add_argument("--seconds", type=cli.positive, default=2, help="how long calls are measured")
    parser.add_argument("--flood-seconds", type=cli.positive, default=5, help="how long events and requests are measured")
    parser.add_argument("--warmup", type=cli.natural, default=8, help="seconds of each kind of work before it counts")
    parser.add_argument("--callers", default="1,16", help="how many calls of a plugin at once, one after the other")
    parser.add_argument("--rate", type=cli.positive, default=100000, help="events per second beside requests")
    parser.add_argument("--connections", type=cli.positive, default=8, help="connections of clients")
    parser.add_argument("--pause", type=cli.natural, default=10,
                        help="most milliseconds that a connection waits before a request")
    parser.add_argument("--java-options", default="-Xmx256m", help="options of the gateways' JVMs")
    parser.add_argument("--no-build", action="store_true", help="measure what was built before")
    parser.add_argument("--out", help="directory for the results (default: target/bench/figures-<time>)")
    options = parser.parse_args(arguments)
    try:
        options.callers = [cli.positive(number) for number in options.callers.split(",")]
    except (ValueError, argparse.ArgumentTypeError):
        parser.error(f"--callers: expected: numbers like 1,16, got: {options.callers}")
    options.only = options.only.split(",")
    if not set(options.only) <= {"calls", "events", "requests"}:
        parser.error(f"--only: expected: some of calls,events,requests, got: {','.join(options.only)}")
    if options.flood_seconds > _LONGEST_FLOOD:
        parser.error(f"--flood-seconds: expected: at most {_LONGEST_FLOOD}, or the stopped plugin is replaced, got: "
                     f"{options.flood_seconds}")
    return options


def _measure(options):
    cli.require("nginx")
    if machine.java() is None:
        raise ValueError("expected: a JDK 17 on PATH or in JAVA_HOME, got: none (Debian: openjdk-17-jdk-headless)")
    if not options.no_build:
        builds.build(ROOT, {"gateway", "caller"})
    missing = [name for name in ("gateway", "caller") if not os.path.exists(builds.products(ROOT)[name])]
    if missing:
        raise ValueError(f"expected: the builds of gateway and caller, missing: {', '.join(missing)}; run without "
                         "--no-build, with a JDK 17 and Go 1.26")
    calls, streams, conditions, left_out = _plan(options)
    command = rounds.Command("figures", ROOT, figurepage.markdown, "java", "go", "nginx", "wrk", "redis-server")
    return command.measure(lambda keeper, directory: _prepare(options, keeper, directory, calls, streams, conditions),
                           left_out, _stated(options), options.callers, options.out)


def _plan(options):
    """What is measured, and why the rest is not."""
    left_out = {}
    calls = hosting.CALLS if "calls" in options.only else ()
    present = [call for call in calls if all(machine.program(need) for need in call.needs)]
    for call in calls:
        if call not in present:
            left_out[call.name] = "missing: redis-server (Debian: apt-get install redis-server)"
    conditions = list(hosting.CONDITIONS) if "requests" in options.only else []
    if conditions and machine.program("wrk") is None:
        left_out["requests beside events"] = "missing: wrk (Debian: apt-get install wrk)"
        conditions = []
    for name, reason in left_out.items():
        print(f"SKIPPED {name}: {reason}", file=sys.stderr)
    return present, list(hosting.STREAMS) if "events" in options.only else [], conditions, left_out


def _prepare(options, keeper, directory, calls, streams, conditions):
    room = Room(directory, keeper, builds.take(ROOT, {"gateway", "caller"}, directory),
                shlex.split(options.java_options), proxies.keyserver)
    servers = {"upstream": f"127.0.0.1:{room.upstream_port}"}
    gateways = {"local": CallingGateway(room, "gateway", hosting.PLUGINS, {})}
    if any("redis-server" in call.needs for call in calls):
        servers["redis"] = _redis(room)
        gateways["redis"] = CallingGateway(room, "gateway-with-redis", hosting.PLUGINS[:1],
                                           {"hkp.cluster.redis.url": f"redis://{servers['redis']}"})
    for gateway in gateways.values():
        gateway.await_ready()
    generator = load.Load(keeper, machine.program("wrk"), options.connections, 1, options.pause) if conditions else None
    return hosting.Hosting(gateways, servers, keeper, generator, options, (calls, streams, conditions))


def _redis(room):
    """Starts Redis, which keeps nothing on disk; returns its address."""
    port = room.port()
    process = room.start("redis", [room.find("redis-server"), "--port", str(port), "--bind", "127.0.0.1", "--save", "",
                                   "--appendonly", "no", "--dir", room.directory("redis")])
    deadline = time.monotonic() + 30
    while True:
        process.check()
        try:
            socket.create_connection(("127.0.0.1", port), 5).close()
            return f"127.0.0.1:{port}"
        except OSError as failure:
            if time.monotonic() > deadline:
                raise ProcessFailed(f"redis: expected: a server within 30 s, got: {failure}\n{process.tail()}") from failure
            time.sleep(0.1)


def _stated(options):
    return (f"{options.rounds} rounds, calls {options.seconds} s, events and requests "
            f"{options.flood_seconds} s, warm-up {options.warmup} s, {options.rate:,} events/s beside requests, "
            f"{options.connections} connections that pause up to {options.pause} ms, "
            f"JVMs with {options.java_options or 'no options'}")
