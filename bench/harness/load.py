"""One measurement: wrk against a port, and what processor time and memory it took."""

import dataclasses
import http.client
import json
import os
import time

from harness import machine
from harness.processes import ProcessFailed, Usage

TARGET = "/pks/lookup?op=get&options=mr&search=0x4A7D9C0E5B2F81364A7D9C0E5B2F81364A7D9C0E"
HEADERS = {"User-Agent": "hkp-bench", "Accept": "*/*"}
_SCRIPT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "wrk.lua")


@dataclasses.dataclass(frozen=True)
class Measurement:
    """What one contender did in one round."""

    contender: str
    round: int
    throughput: float  # requests with a good answer, per second
    p50: float         # milliseconds
    p99: float         # milliseconds
    cpu: float         # microseconds of processor per request, of the contender's processes
    resident: float    # MB, the most that its processes had together
    processes: int
    errors: int        # answers of 400 and above, connections that failed, timeouts
    others: float      # share of the processors that other programs used meanwhile, 0 to 1


def refused_target(marker):
    """A target that the decision process with this marker refuses."""
    return "/pks/lookup?op=get&search=" + marker


def get(port, target, timeout=5):
    """Status and body of one request."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        connection.request("GET", target, headers=HEADERS)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


class Load:
    """Runs wrk with the options of this run. With a pause, each connection waits up to so many ms before a request."""

    def __init__(self, keeper, wrk, connections, threads, pause=0):
        self._keeper = keeper
        self._wrk = wrk
        self._connections = connections
        self._threads = threads
        self._pause = pause

    def run(self, port, seconds, name, processes):
        """Sends requests for so long. Returns wrk's figures and the most resident memory."""
        command = [self._wrk, "-t", str(self._threads), "-c", str(self._connections), "-d", f"{seconds}s", "--timeout",
                   "5s", "-s", _SCRIPT]
        for header in HEADERS.items():
            command += ["-H", "%s: %s" % header]
        wrk = self._keeper.start("wrk-" + name, command + [f"http://127.0.0.1:{port}{TARGET}",
                                                              "--", str(self._pause)])
        deadline = time.monotonic() + seconds + 30
        peak = Usage(processes)
        while wrk.popen.poll() is None:
            if time.monotonic() > deadline:
                raise ProcessFailed(f"wrk: expected: an end after {seconds} s, got: none\n{wrk.tail()}")
            time.sleep(0.5)
            peak = max(peak, Usage(processes), key=lambda usage: usage.resident)
        figures = parse(wrk)
        self._keeper.stop([wrk])
        return figures, peak

    def measure(self, contender, running, upstream, seconds, number):
        """Measures a contender that runs and is warm."""
        mine, theirs = Usage(running.processes), Usage([upstream])
        children, busy, start = os.times(), machine.busy_seconds(), time.monotonic()
        figures, peak = self.run(running.port, seconds, contender.name, running.processes)
        took = time.monotonic() - start
        busy = machine.busy_seconds() - busy
        after = Usage(running.processes)
        used = after.seconds - mine.seconds
        known = used + _own_seconds(os.times()) - _own_seconds(children)
        if upstream not in running.processes:
            known += Usage([upstream]).seconds - theirs.seconds
        good = figures["requests"] - figures["status"]
        return Measurement(
            contender=contender.name, round=number,
            throughput=good / (figures["microseconds"] / 1e6),
            p50=figures["p50"] / 1000, p99=figures["p99"] / 1000,
            cpu=used * 1e6 / max(1, figures["requests"]),
            resident=peak.resident / 1e6, processes=peak.count,
            errors=sum(figures[kind] for kind in ("connect", "read", "write", "status", "timeout")),
            others=max(0.0, busy - known) / (took * machine.processors()))


def parse(wrk):
    """What wrk.lua printed, as a dictionary."""
    with open(wrk.log, encoding="utf-8", errors="replace") as log:
        for line in log:
            if line.startswith("RESULT "):
                return json.loads(line[len("RESULT "):])
    raise ProcessFailed(f"wrk: expected: a line RESULT, got: exit code {wrk.popen.returncode}\n{wrk.tail()}")


def _own_seconds(times):
    return times.user + times.system + times.children_user + times.children_system
