"""One run: start, prove, warm up, and measure in rounds."""

import http.client
import sys
import time

from harness import load, proxies
from harness.processes import ProcessFailed

READY_SECONDS = 120
NATIVE_WARMUP = 1


class Session:
    """Measures contenders; what was measured so far is there at any time, after Ctrl-C too."""

    def __init__(self, room, keeper, generator, options):
        self.measurements = []
        self.failures = {}
        self._room = room
        self._keeper = keeper
        self._load = generator
        self._options = options
        self._started = time.monotonic()

    def together(self, contenders):
        """All run at a time, each is warmed up once, then they take turns."""
        running = {}
        for contender in contenders:
            self._attempt(contender, lambda each: running.update({each.name: self._start(each)}))
        for contender in contenders:
            if contender.name in running:
                self._attempt(contender, lambda each: self._warm_up(each, running[each.name]))
        for number in range(1, self._options.rounds + 1):
            for contender in turn(contenders, number):
                if contender.name in running and contender.name not in self.failures:
                    self._attempt(contender, lambda each: self._measure(each, running[each.name], number))

    def apart(self, contenders):
        """Only one runs at a time: it is started and warmed up anew in each round."""
        for number in range(1, self._options.rounds + 1):
            for contender in turn(contenders, number):
                if contender.name not in self.failures:
                    self._attempt(contender, lambda each: self._alone(each, number))

    def _alone(self, contender, number):
        running = self._start(contender)
        self._warm_up(contender, running)
        self._measure(contender, running, number)
        self._keeper.stop([process for process in running.processes if process is not self._room.upstream])

    def _attempt(self, contender, action):
        before = self._keeper.running()
        try:
            action(contender)
        except (ProcessFailed, OSError, http.client.HTTPException) as failure:
            self._keeper.stop([process for process in self._keeper.running() if process not in before])
            self.failures[contender.name] = str(failure)
            self._say(f"{contender.name} FAILED and is left out: {failure}")

    def _start(self, contender):
        self._say(f"starting {contender.name}")
        running = contender.start(self._room)
        deadline = time.monotonic() + READY_SECONDS
        while True:
            for process in running.processes:
                process.check()
            try:
                prove(contender, running.port)
                return running
            except (OSError, http.client.HTTPException, ProcessFailed) as failure:
                if time.monotonic() > deadline:
                    raise ProcessFailed(f"{contender.name}: expected: ready within {READY_SECONDS} s, got: {failure}\n"
                                        + running.processes[-1].tail()) from failure
                time.sleep(0.2)

    def _warm_up(self, contender, running):
        seconds = self._options.warmup if contender.jvm else min(NATIVE_WARMUP, self._options.warmup)
        if seconds > 0:
            self._say(f"warming up {contender.name}, {seconds} s")
            self._load.run(running.port, seconds, contender.name, running.processes)

    def _measure(self, contender, running, number):
        measured = self._load.measure(contender, running, self._room.upstream, self._options.seconds, number)
        # Fast because it no longer asks anybody would be a wrong result.
        prove(contender, running.port)
        self.measurements.append(measured)
        self._say(f"round {number}/{self._options.rounds} {contender.name:<24}{measured.throughput:>9,.0f} req/s"
                  f"  p50 {measured.p50:7.2f} ms  p99 {measured.p99:7.2f} ms  {measured.cpu:6.1f} µs CPU"
                  f"  {measured.resident:6.0f} MB" + (f"  {measured.errors} ERRORS" if measured.errors else ""))

    def _say(self, text):
        seconds = int(time.monotonic() - self._started)
        print(f"[{seconds // 60:3d}:{seconds % 60:02d}] {text}", file=sys.stderr, flush=True)


def turn(contenders, number):
    """The order of a round: forth, then back, so that what drifts with time meets all alike."""
    return list(contenders) if number % 2 == 1 else list(reversed(contenders))


def prove(contender, port):
    """Checks that requests reach the upstream, and that each decision process is asked."""
    status, body = load.get(port, load.TARGET)
    if (status, body) != (200, proxies.answer().encode("ascii")):
        raise ProcessFailed(f"{contender.name}: expected: 200 with the upstream's answer, got: {status} with "
                            f"{len(body)} bytes {body[:60]!r}")
    for marker in contender.markers():
        status, _ = load.get(port, load.refused_target(marker))
        if status != 403:
            raise ProcessFailed(f"{contender.name}: expected: 403 because {marker} is refused, got: {status}")


def run(contenders, room, keeper, generator, options):
    """A session that is over, be it by the end or by Ctrl-C."""
    session = Session(room, keeper, generator, options)
    interrupted = False
    try:
        (session.apart if options.apart else session.together)(contenders)
    except KeyboardInterrupt:
        interrupted = True
        print("\ninterrupted: ending what was started", file=sys.stderr, flush=True)
    return session, interrupted
