"""Starts processes, looks at what they and their children use, and ends them by their ids."""

import ctypes
import os
import signal
import subprocess
import time

_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")
_PR_SET_PDEATHSIG = 1
_INTERRUPTIONS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_LIBC = ctypes.CDLL(None, use_errno=True)

# How long a process may take to end, and then a child that it left behind.
STOP_SECONDS = 15
LEFTOVER_SECONDS = 2


class ProcessFailed(Exception):
    """A process ended that should run, or never answered. The message has its last lines."""


class Started:
    """A process of ours, with a file for what it prints."""

    def __init__(self, name, popen, log):
        self.name = name
        self.popen = popen
        self.log = log

    @property
    def pid(self):
        return self.popen.pid

    def check(self):
        """Raises ProcessFailed if it has ended."""
        code = self.popen.poll()
        if code is not None:
            raise ProcessFailed(f"{self.name}: expected: a running process, got: exit code {code}\n{self.tail()}")

    def tail(self, lines=15):
        with open(self.log, encoding="utf-8", errors="replace") as log:
            return "".join("    " + line for line in log.readlines()[-lines:])


class Keeper:
    """Owns every process that the benchmark starts. Use it with `with`: at the end none is left."""

    def __init__(self, directory):
        self._directory = directory
        self._running = []
        self._count = 0

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        # A second Ctrl-C must not leave the rest behind.
        previous = {number: signal.signal(number, signal.SIG_IGN) for number in _INTERRUPTIONS}
        try:
            self.stop(self._running)
        finally:
            for number, handler in previous.items():
                signal.signal(number, handler)

    def start(self, name, command, cwd=None):
        """Starts a process in a session of its own, so that Ctrl-C reaches only us."""
        self._count += 1
        log = os.path.join(self._directory, f"{self._count:03d}-{name}.log")
        with open(log, "wb") as output:
            popen = subprocess.Popen(command, cwd=cwd or self._directory, stdin=subprocess.PIPE, stdout=output,
                                     stderr=subprocess.STDOUT, start_new_session=True, preexec_fn=_die_with_parent)
        started = Started(name, popen, log)
        self._running.append(started)
        return started

    def running(self):
        """What was started and not yet stopped."""
        return list(self._running)

    def stop(self, processes):
        """Ends processes and what they have started: politely first, after a while by force."""
        processes = list(processes)
        # Children that outlive their parent would no longer be found.
        children = [child for process in processes for child in tree(process.pid)[1:]]
        for process in reversed(processes):
            if process.popen.poll() is None:
                process.popen.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + STOP_SECONDS
        for process in reversed(processes):
            try:
                process.popen.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                children += tree(process.pid)[1:]
                process.popen.kill()
                process.popen.wait()
            process.popen.stdin.close()
            self._running.remove(process)
        _end_leftovers(children)


class Usage:
    """What a set of processes uses: seconds of processor (ended children too), bytes of resident memory, how many."""

    def __init__(self, processes):
        self.seconds = 0.0
        self.resident = 0
        self.count = 0
        for process in processes:
            for identity in tree(process.pid):
                fields = _stat(identity[0])
                if fields is not None:
                    self.seconds += sum(map(int, fields[11:15])) / _TICKS
                    self.resident += int(fields[21]) * _PAGE
                    self.count += 1


def seconds(pid):
    """Processor time that one process has used, without its children; 0 if it is gone."""
    fields = _stat(pid)
    return 0.0 if fields is None else (int(fields[11]) + int(fields[12])) / _TICKS


def resident(pid):
    """Bytes of memory that one process holds, without its children; 0 if it is gone."""
    fields = _stat(pid)
    return 0 if fields is None else int(fields[21]) * _PAGE


def tree(pid):
    """A process and its descendants as (pid, start time), parents first; empty if it is gone."""
    children, starts = {}, {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            fields = _stat(int(entry))
            if fields is not None:
                children.setdefault(int(fields[1]), []).append(int(entry))
                starts[int(entry)] = fields[19]
    found, todo = [], [pid]
    while todo:
        current = todo.pop(0)
        if current in starts:
            found.append((current, starts[current]))
            todo += children.get(current, [])
    return found


def _stat(pid):
    """The fields of /proc/<pid>/stat after the name, from the state on; None if it is gone."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as stat:
            return stat.read().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None


def _alive(identity):
    fields = _stat(identity[0])
    return fields is not None and fields[19] == identity[1] and fields[0] != "Z"


def _end_leftovers(identities):
    _await_end(identities, LEFTOVER_SECONDS)
    for identity in identities:
        if _alive(identity):
            os.kill(identity[0], signal.SIGKILL)
    _await_end(identities, 5)


def _await_end(identities, seconds):
    deadline = time.monotonic() + seconds
    while any(map(_alive, identities)) and time.monotonic() < deadline:
        time.sleep(0.02)


def _die_with_parent():
    # Should we be killed, the kernel tells the children. It follows the thread that starts them:
    # there is only one.
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
