"""The command: options, what is missing, the run, the report."""

import argparse
import datetime
import os
import shlex
import shutil
import signal
import sys
import tempfile

from harness import builds, contenders, load, machine, report, session
from harness.processes import Keeper, ProcessFailed
from harness.room import Room

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

# What a user installs to have a program.
_PACKAGES = {"nginx": "nginx", "haproxy": "haproxy", "wrk": "wrk", "java": "openjdk-17-jdk-headless"}
# What the build of other things needs.
_COMPILERS = {"decision": "Go 1.26 or newer (Debian's is older)"}
# With room to spare, for the warning.
_JVM_BYTES, _DECISION_BYTES = 400e6, 30e6


def main(arguments=None):
    """Runs the command; returns the exit code: 0, 1 when something failed, 2 for wrong use, 130 after Ctrl-C."""
    options = _options(arguments)
    everybody = contenders.catalogue()
    if options.list:
        for contender in everybody:
            print(f"{contender.name:<24}{contender.title.replace('`', '')}")
        return 0
    return guarded("bench", lambda: _measure(contenders.choose(options.contenders, everybody), options))


def guarded(name, task):
    """Runs a command's task, which returns its exit code; says what went wrong: 1 if something failed, 2 for wrong use,
    130 after Ctrl-C."""
    # SIGINT too: a shell lets what it starts in the background ignore it.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupt)
    try:
        return task()
    except (ValueError, builds.BuildFailed) as failure:
        print(f"{name}: {failure}", file=sys.stderr)
        return 2
    except ProcessFailed as failure:
        print(f"{name}: {failure}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _options(arguments):
    parser = argparse.ArgumentParser(
        prog="bench/run", formatter_class=argparse.ArgumentDefaultsHelpFormatter,
        description="Measures the gateway against its peers, all on this machine and in one run.")
    parser.add_argument("--contenders", default="*", help="names or patterns, separated by commas; see --list")
    parser.add_argument("--rounds", type=positive, default=3, help="how often each contender is measured")
    parser.add_argument("--seconds", type=positive, default=10, help="how long a measurement takes")
    parser.add_argument("--warmup", type=natural, default=40, help="seconds of load on each JVM before it counts")
    parser.add_argument("--connections", type=positive, default=64, help="connections of clients, all busy")
    parser.add_argument("--threads", type=positive, default=min(2, machine.processors()), help="threads of wrk")
    parser.add_argument("--java-options", default="-Xmx256m", help="options of every JVM that takes part")
    parser.add_argument("--apart", action="store_true",
                        help="start each contender anew for each round: less memory, more time")
    parser.add_argument("--no-build", action="store_true", help="measure what was built before")
    parser.add_argument("--out", help="directory for the results (default: target/bench/<time>)")
    parser.add_argument("--list", action="store_true", help="list the contenders and end")
    options = parser.parse_args(arguments)
    if options.connections < options.threads:
        parser.error(f"expected: at least one connection for each of {options.threads} threads, "
                     f"got: {options.connections}")
    return options


def _measure(chosen, options):
    require("wrk", "nginx")
    wanted = {need for contender in chosen for need in contender.needs}
    if not options.no_build:
        builds.build(ROOT, wanted)
    directory = tempfile.mkdtemp(prefix="hkpb", dir="/tmp")
    facts = machine.describe(ROOT)
    try:
        with Keeper(directory) as keeper:
            room = Room(directory, keeper, builds.take(ROOT, wanted, directory), shlex.split(options.java_options))
            generator = load.Load(keeper, machine.program("wrk"), options.connections, options.threads)
            present, left_out = _present(chosen, room)
            _warn_of_memory(present, options)
            done, interrupted = session.run(present, room, keeper, generator, options)
    finally:
        shutil.rmtree(directory, ignore_errors=True)
    left_out.update(done.failures)
    if done.measurements:
        out = options.out or os.path.join(ROOT, "target", "bench",
                                          datetime.datetime.now().strftime("%Y%m%d-%H%M%S"))
        run = report.Run(present, done.measurements, left_out, facts, _stated(options), interrupted)
        print(report.write(run, out))
        print(f"bench: results.md, .csv, .json and .svg are in {os.path.abspath(out)}", file=sys.stderr)
    if interrupted:
        return 130
    return 1 if done.failures or not done.measurements else 0


def _present(chosen, room):
    """Those contenders whose programs are here, and why the others are not."""
    present, left_out = [], {}
    for contender in chosen:
        missing = [need for need in contender.needs if room.find(need) is None]
        if missing:
            left_out[contender.name] = "missing: " + ", ".join(
                f"{need} (Debian: apt-get install {_PACKAGES[need]})" if need in _PACKAGES
                else f"{need} (not built; that needs {_COMPILERS.get(need, 'a JDK 17')})" for need in missing)
            print(f"SKIPPED {contender.name}: {left_out[contender.name]}", file=sys.stderr)
        else:
            present.append(contender)
    if not present:
        raise ValueError("expected: at least one contender whose programs are here, got: none")
    return present, left_out


def require(*programs):
    """Raises ValueError, with what to install, if one is not here."""
    missing = [name for name in programs if machine.program(name) is None]
    if missing:
        raise ValueError(f"expected: {' and '.join(programs)}, which every run needs; missing: {', '.join(missing)}. "
                         f"On Debian: apt-get install {' '.join(_PACKAGES[name] for name in missing)}")


def _warn_of_memory(present, options):
    needs = [each.jvm * _JVM_BYTES + each.decisions * _DECISION_BYTES for each in present]
    wanted, there = (max(needs) if options.apart else sum(needs)), machine.available_memory()
    if wanted > there:
        print(f"WARNING: the contenders may take {wanted / 1e6:.0f} MB and {there / 1e6:.0f} MB are free: choose fewer "
              "with --contenders, or run them --apart", file=sys.stderr)


def _stated(options):
    return {"options": f"{options.rounds} rounds × {options.seconds} s, warm-up {options.warmup} s, "
                       f"{options.connections} connections, {options.threads} threads of wrk, "
                       f"JVMs with {options.java_options or 'no options'}" + (", apart" if options.apart else "")}


def positive(text):
    """An option that is a number from 1."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"expected: at least 1, got: {text}")
    return number


def natural(text):
    """An option that is a number from 0."""
    number = int(text)
    if number < 0:
        raise argparse.ArgumentTypeError(f"expected: 0 or more, got: {text}")
    return number


def interrupt(_number, _frame):
    """What a signal that is to end the run does."""
    raise KeyboardInterrupt
