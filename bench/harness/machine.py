"""What the machine is, and how busy it was with other things."""

import datetime
import os
import platform
import re
import shutil
import subprocess

_SYSTEM_DIRECTORIES = ("/usr/sbin", "/usr/local/sbin", "/sbin", "/usr/local/go/bin")


def path():
    """PATH, and where administrators' programs are."""
    return os.pathsep.join((os.environ.get("PATH", ""),) + _SYSTEM_DIRECTORIES)


def program(name):
    """The path of a program on path(); None without it."""
    return shutil.which(name, path=path())


def java():
    """The JVM of JAVA_HOME, else that on PATH; None without one."""
    home = os.environ.get("JAVA_HOME")
    if home and os.access(os.path.join(home, "bin", "java"), os.X_OK):
        return os.path.join(home, "bin", "java")
    return program("java")


def processors():
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0))


def available_memory():
    """Bytes that could be used without swapping."""
    with open("/proc/meminfo", encoding="ascii") as lines:
        for line in lines:
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    return 0


def busy_seconds():
    """Processor time that anything used on our processors since the machine was started."""
    ours = os.sched_getaffinity(0)
    ticks = 0
    with open("/proc/stat", encoding="ascii") as lines:
        for line in lines:
            match = re.match(r"cpu(\d+) (.*)", line)
            if match and int(match.group(1)) in ours:
                user, nice, system, _idle, _iowait, irq, softirq, steal = map(int, match.group(2).split()[:8])
                ticks += user + nice + system + irq + softirq + steal
    return ticks / os.sysconf("SC_CLK_TCK")


_VERSION_OPTIONS = {"java": "-version", "nginx": "-v", "haproxy": "-v", "wrk": "-v", "go": "version"}


def describe(root, programs=("java", "go", "nginx", "haproxy", "wrk", "redis-server")):
    """Facts for the head of the report, in order, with the versions of programs."""
    facts = {
        "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        "processors": f"{processors()} × {_processor_name()}",
        "kernel": platform.release(),
        "load before": " ".join(f"{load:.2f}" for load in os.getloadavg()),
        "commit": _first_line(["git", "-C", root, "describe", "--always", "--dirty", "--abbrev=12"]),
    }
    for name in programs:
        found = java() if name == "java" else program(name)
        facts[name] = _first_line([found or name, _VERSION_OPTIONS.get(name, "--version")])
    return facts


def _processor_name():
    with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as lines:
        for line in lines:
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.machine()


def _first_line(command):
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return "none"
    text = done.stdout.decode("utf-8", "replace").strip()
    return text.splitlines()[0] if text else "none"
