"""Builds what the contenders run: the gateway and its peers in Java with Maven, the programs of plugins with Go."""

import os
import shutil
import subprocess
import sys

from harness import machine

_MODULES = {"gateway": "hkp-gateway", "forwarder": "hkp-bench-forwarder",
            "spring-cloud-gateway": "hkp-bench-spring-cloud-gateway"}


# Longer than downloading everything takes.
_DEADLINE_SECONDS = 900


class BuildFailed(Exception):
    """The message has the command and the last lines that it printed."""


def products(root):
    """Where the builds leave what they make, by name."""
    java = os.path.join(root, "bench", "java")
    return {
        "gateway": os.path.join(root, "target", "hkp-gateway.jar"),
        "forwarder": os.path.join(java, "forwarder", "target", "forwarder.jar"),
        "spring-cloud-gateway": os.path.join(java, "spring-cloud-gateway", "target", "spring-cloud-gateway.jar"),
        "decision": os.path.join(root, "target", "bench", "decision"),
        "caller": os.path.join(root, "target", "bench", "caller"),
        "asker": os.path.join(root, "target", "bench", "asker"),
    }


def take(root, wanted, directory):
    """Copies those products that are wanted and there, so that no later build disturbs the run."""
    taken = {}
    for name, path in products(root).items():
        taken[name] = path
        if name in wanted and os.path.exists(path):
            taken[name] = shutil.copy2(path, os.path.join(directory, os.path.basename(path)))
    return taken


def build(root, wanted):
    """Builds those products that are wanted and whose compilers are there."""
    modules = [":" + _MODULES[name] for name in wanted if name in _MODULES]
    if modules and machine.java():
        run(root, [os.path.join(root, "mvnw"), "-B", "-q", "-f", os.path.join("bench", "java"),
                    "-Dmaven.test.skip=true", "-pl", ",".join(modules), "-am", "package"])
    go = machine.program("go")
    for program in ("decision", "caller", "asker"):
        if program in wanted and go:
            run(os.path.join(root, "bench", program), [go, "build", "-o", products(root)[program], "."])


def run(directory, command, hint="Mend it, or use what was built before with --no-build."):
    """Runs one command of a build; BuildFailed unless it ends with 0."""
    print("building: " + " ".join(command), file=sys.stderr, flush=True)
    try:
        done = subprocess.run(command, cwd=directory, env={**os.environ, "PATH": machine.path()},
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
                              timeout=_DEADLINE_SECONDS)
    except (OSError, subprocess.TimeoutExpired) as failure:
        raise BuildFailed(f"{' '.join(command)}: expected: exit code 0, got: {failure}\n{hint}") from failure
    if done.returncode != 0:
        tail = "\n".join(done.stdout.decode("utf-8", "replace").splitlines()[-25:])
        raise BuildFailed(f"{' '.join(command)}: expected: exit code 0, got: {done.returncode}\n{tail}\n{hint}")
