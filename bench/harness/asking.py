"""Starts plugins as the gateway does and asks them about requests, in rounds."""

import dataclasses
import statistics
import sys
import threading
import time
import types
from typing import Optional, Tuple

from harness import session
from harness.busy import Busy
from harness.processes import ProcessFailed, Usage
from harness.readings import Reading

KINDS = ("unary", "stream")

# More than any start, and any end, may take by the deadlines of the asker.
_PATIENCE_SECONDS = 120
_NATIVE_WARMUP = 1
_SAMPLE_SECONDS = 0.25


@dataclasses.dataclass(frozen=True)
class Contender:
    """A plugin that takes part."""

    name: str
    title: str
    directory: str                               # with plugin.toml
    refusal: Optional[Tuple[str, int]] = None    # a target that it refuses, and with which status
    listens: str = ""                            # the name of its socket, if it does not speak the handshake
    native: bool = False                         # as fast at once as later


class Asking:
    """Measures; what was read so far is there at any time, after Ctrl-C too."""

    def __init__(self, asker, contenders, failures, keeper, options):
        self.readings = []
        self.failures = dict(failures)
        self._asker = asker
        self._contenders = contenders
        self._keeper = keeper
        self._options = options
        self._pids = {}
        self._kinds = {}
        self._most = {}     # memory under load in this round
        self._started = time.monotonic()

    def run(self):
        """All run at a time, only one is asked; starts are measured with a second process."""
        for each in self._contenders:
            self._attempt(each, self._begin)
        for each in self._contenders:
            self._attempt(each, self._warm_up)
        for number in range(1, self._options.rounds + 1):
            self._round(number)
        for each in self._contenders:
            self._attempt(each, lambda contender: self._stop(contender, contender.name))

    def _attempt(self, contender, action):
        if contender.name in self.failures:
            return
        try:
            action(contender)
        except (ProcessFailed, OSError) as failure:
            self.failures[contender.name] = str(failure)
            self._say(f"{contender.name} FAILED and is left out: {failure}")
            self._abandon(contender)

    def _abandon(self, contender):
        for name in (contender.name, _again(contender)):
            try:
                self._asker.ask("stop", _PATIENCE_SECONDS, name=name)
            except ProcessFailed:
                # It does not run, or did not end well. The asker ends with all that is left.
                pass

    def _begin(self, contender):
        self._say(f"starting {contender.name}")
        launched = self._launch(contender, contender.name)
        self._pids[contender.name] = launched["pid"]
        # Without a handshake it declares nothing, but all that do without are ours.
        self._kinds[contender.name] = KINDS if "stream" in launched["features"] or contender.listens else KINDS[:1]
        for kind in self._kinds[contender.name]:
            self._prove(contender, kind)

    def _launch(self, contender, name):
        return self._asker.ask("launch", _PATIENCE_SECONDS, name=name, directory=contender.directory,
                               listens=contender.listens)

    def _stop(self, contender, name):
        ending = self._asker.ask("stop", _PATIENCE_SECONDS, name=name)
        if ending["code"] != 0 or ending["signal"]:
            raise ProcessFailed(f"{contender.name}: expected: exit code 0 after Shutdown, got: {ending}")

    def _prove(self, contender, kind):
        """Fast because it decides nothing would be a wrong result."""
        if contender.refusal is None:
            return
        target, status = contender.refusal
        decision = self._asker.ask("decide", name=contender.name, kind=kind, target=target)
        if decision["continue"] or decision["status"] != status:
            raise ProcessFailed(f"{contender.name}: {kind}: expected: {status} to {target}, got: {decision}")

    def _warm_up(self, contender):
        seconds = min(_NATIVE_WARMUP, self._options.warmup) if contender.native else self._options.warmup
        if seconds > 0:
            self._say(f"warming up {contender.name}, {seconds} s each way")
            for kind in self._kinds[contender.name]:
                _check(contender, self._calls(contender, kind, max(self._options.at_once), seconds))

    def _round(self, number):
        """What is to be compared is measured one right after the other."""
        self._most = {}
        turn = session.turn(self._contenders, number)
        for each in turn:
            self._attempt(each, lambda contender: self._start(contender, number))
        for kind in KINDS:
            for at_once in self._options.at_once:
                for each in turn:
                    if kind in self._kinds.get(each.name, ()):
                        self._attempt(each, lambda contender: self._load(contender, kind, at_once, number))
        for each in turn:
            if each.name not in self.failures:
                self._note("memory", each.name, number, {"loaded": self._most[each.name] / 1e6, "others": 0.0})

    def _start(self, contender, number):
        """The median of some starts."""
        found, busiest = [], 0.0
        for _ in range(self._options.launches):
            with Busy(self._keeper) as busy:
                launched = self._launch(contender, _again(contender))
                usage = _usage(launched["pid"])
                self._stop(contender, _again(contender))
            busiest = max(busiest, busy.others)
            found.append({**{time: launched[time] for time in ("handshake", "initialized", "ready")},
                          "cpu": usage.seconds * 1000, "resident": usage.resident / 1e6, "processes": usage.count})
        self._note("start", contender.name, number,
                   {**{value: statistics.median(each[value] for each in found) for value in found[0]},
                    "others": busiest})

    def _load(self, contender, kind, at_once, number):
        pid = self._pids[contender.name]
        with Busy(self._keeper) as busy, _Peak(pid) as peak:
            before = _usage(pid)
            measured = self._calls(contender, kind, at_once, self._options.seconds)
            used = _usage(pid).seconds - before.seconds
        self._note("calls", f"{contender.name}-{kind}-{at_once}", number, {
            "rate": measured["calls"] / measured["seconds"], "p50": measured["p50"], "p99": measured["p99"],
            "cpu": used * 1e6 / max(1, measured["calls"]), "errors": measured["errors"], "others": busy.others})
        _check(contender, measured)
        self._prove(contender, kind)
        self._most[contender.name] = max(self._most.get(contender.name, 0), peak.resident)

    def _calls(self, contender, kind, at_once, seconds):
        return self._asker.ask("calls", seconds + 60, name=contender.name, kind=kind, callers=at_once, seconds=seconds)

    def _note(self, table, name, number, values):
        self.readings.append(Reading(table, name, number, values))
        shown = "  ".join(f"{key} {value:,.4g}" if value < 1000 else f"{key} {value:,.0f}"
                          for key, value in values.items() if key != "others")
        self._say(f"round {number}/{self._options.rounds} {table:<7} {name:<20} {shown}")

    def _say(self, text):
        seconds = int(time.monotonic() - self._started)
        print(f"[{seconds // 60:3d}:{seconds % 60:02d}] {text}", file=sys.stderr, flush=True)


class _Peak:
    """The most memory that a process and its children hold while something lasts."""

    def __init__(self, pid):
        self.resident = 0
        self._pid = pid
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *exception):
        self._over.set()
        self._thread.join()

    def _watch(self):
        over = False
        while not over:
            over = self._over.wait(_SAMPLE_SECONDS)
            self.resident = max(self.resident, _usage(self._pid).resident)


def _usage(pid):
    return Usage([types.SimpleNamespace(pid=pid)])


def _again(contender):
    return contender.name + "-again"


def _check(contender, measured):
    if measured["errors"]:
        raise ProcessFailed(f"{contender.name}: expected: no errors, got: {measured['errors']}, first "
                            f"{measured['error']}")
