"""The command `sdks`: options, what is missing, the plugins, the run, the report."""

import argparse
import fnmatch
import os
import sys
import time

from harness import builds, cli, gateway, load, machine, projects, rounds, sdkpage
from harness.asking import Asking, Contender
from harness.callers import Caller
from harness.processes import ProcessFailed
from harness.room import Room

ROOT = cli.ROOT

_MARKER = "refused-for-the-benchmark"

# What the rule of a project that `plugins new` writes refuses.
_SAMPLE_REFUSAL = ("/pks/lookup?op=index&search=ab", 429)

_SCALES = {"go-plugin": "go-plugin alone, no SDK", "bare": "bare gRPC in Go, plaintext, no handshake"}


def main(arguments=None):
    """Runs the command; returns the exit code: 0, 1 when something failed, 2 for wrong use, 130 after Ctrl-C."""
    options = _options(arguments)
    return cli.guarded("sdks", lambda: _measure(options))


def _options(arguments):
    parser = argparse.ArgumentParser(
        prog="bench/sdks", formatter_class=argparse.ArgumentDefaultsHelpFormatter,
        description="Measures plugins made with the SDKs, all on this machine and in one run: start, memory, calls.")
    parser.add_argument("--contenders", default="*",
                        help="names or patterns, separated by commas, of " + ", ".join((*projects.TITLES, *_SCALES)))
    parser.add_argument("--plugin", action="append", default=[], metavar="NAME=DIRECTORY",
                        help="a plugin that is ready to run: in place of the project that would be made (go, java, "
                             "python), or one more; may be given several times")
    parser.add_argument("--rounds", type=cli.positive, default=3, help="how often each figure is measured")
    parser.add_argument("--seconds", type=cli.positive, default=2, help="how long calls are measured")
    parser.add_argument("--launches", type=cli.positive, default=3, help="starts of each plugin in a round")
    parser.add_argument("--warmup", type=cli.natural, default=12,
                        help="seconds of each way of calling before it counts, for what is not compiled before it runs")
    parser.add_argument("--at-once", default="1,16", help="how many calls at once, one after the other")
    parser.add_argument("--no-build", action="store_true",
                        help="use the gateway and the benchmark's programs that were built before; the three projects "
                             "are always made anew")
    parser.add_argument("--out", help="directory for the results (default: target/bench/sdks-<time>)")
    options = parser.parse_args(arguments)
    try:
        options.at_once = [cli.positive(number) for number in options.at_once.split(",")]
    except (ValueError, argparse.ArgumentTypeError):
        parser.error(f"--at-once: expected: numbers like 1,16, got: {options.at_once}")
    given = dict(each.partition("=")[::2] for each in options.plugin)
    for name, directory in given.items():
        if name in _SCALES or not name or not os.path.exists(os.path.join(directory, "plugin.toml")):
            parser.error(f"--plugin: expected: a name and a directory with plugin.toml, got: {name}={directory}")
    options.plugin = {name: os.path.abspath(directory) for name, directory in given.items()}
    return options


def _titles(options):
    """Who takes part, in the order of the tables."""
    everybody = {**projects.TITLES, **{name: f"`{name}`" for name in options.plugin if name not in projects.TITLES},
                 **_SCALES}
    patterns = options.contenders.split(",")
    unknown = [each for each in patterns if not fnmatch.filter(everybody, each)]
    if unknown:
        raise ValueError(f"--contenders: expected: some of {', '.join(everybody)}, got: {','.join(unknown)}")
    return {name: title for name, title in everybody.items() if any(fnmatch.fnmatch(name, each) for each in patterns)}


def _measure(options):
    titles = _titles(options)
    to_make = [name for name in projects.TITLES if name in titles and name not in options.plugin]
    wanted = {"asker", *({"gateway"} if to_make else ()), *({"decision"} if set(_SCALES) & set(titles) else ())}
    if to_make and machine.java() is None:
        raise ValueError("expected: a JDK 17 on PATH or in JAVA_HOME, got: none (Debian: openjdk-17-jdk-headless)")
    if not options.no_build:
        builds.build(ROOT, wanted)
    missing = sorted(name for name in wanted if not os.path.exists(builds.products(ROOT)[name]))
    if missing:
        raise ValueError(f"expected: the builds of {', '.join(sorted(wanted))}, missing: {', '.join(missing)}; run "
                         "without --no-build, with a JDK 17 and Go 1.26")
    command = rounds.Command("sdks", ROOT, lambda run: sdkpage.markdown(run, titles), "java", "go", "python3")
    return command.measure(lambda keeper, directory: _prepare(options, titles, wanted, keeper, directory), {},
                           _stated(options), options.at_once, options.out)


def _prepare(options, titles, wanted, keeper, directory):
    room = Room(directory, keeper, builds.take(ROOT, wanted, directory), [], upstream=None)
    contenders, failures = [], {}
    for name, title in titles.items():
        try:
            contenders.append(_contender(room, name, title, options.plugin.get(name)))
        except builds.BuildFailed as failure:
            failures[name] = str(failure)
            print(f"{name} FAILED and is left out: {failure}", file=sys.stderr, flush=True)
    control = os.path.join(room.directory("c"), "s")
    process = room.start("asker", [room.find("asker"), f"-control={control}", f"-directory={room.directory('a')}"])
    _await(process, control)
    return Asking(Caller("asker", control), contenders, failures, keeper, options)


def _contender(room, name, title, given):
    if name == "bare":
        home = gateway.install(room, room.directory(name), name, 100, [
            "-mode=grpc", "-socket=$PLUGIN_UNIX_SOCKET_DIR/bare", f"-refuse={_MARKER}"])
        return Contender(name, title, home, (load.refused_target(_MARKER), 403), listens="bare", native=True)
    if name == "go-plugin":
        home = gateway.install(room, room.directory(name), name, 100, [
            "-mode=plugin", "-stream=true", f"-refuse={_MARKER}"])
        return Contender(name, title, home, (load.refused_target(_MARKER), 403), native=True)
    if name in projects.TITLES:
        home = given or projects.make(ROOT, room.find("gateway"), name, room.directory(name))
        return Contender(name, title, home, _SAMPLE_REFUSAL, native=name != "java")
    return Contender(name, title, given)


def _await(process, control):
    deadline = time.monotonic() + 30
    while not os.path.exists(control):
        process.check()
        if time.monotonic() > deadline:
            raise ProcessFailed(f"asker: expected: a socket within 30 s, got: none\n{process.tail()}")
        time.sleep(0.02)


def _stated(options):
    return (f"{options.rounds} rounds, {options.launches} starts each, calls {options.seconds} s, warm-up "
            f"{options.warmup} s, one connection to each plugin, mTLS on unix sockets (but `bare`)")
