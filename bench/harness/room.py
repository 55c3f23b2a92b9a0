"""Where contenders run: a temporary directory, free ports, the upstream, and the programs."""

import os
import socket

from harness import machine, proxies


class Room:
    """Everything that a contender needs to be started. An upstream is not everybody's need: None is none."""

    def __init__(self, directory, keeper, builds, java_options, upstream=proxies.upstream):
        self._directory = directory
        self._keeper = keeper
        self._builds = builds
        self._java_options = java_options
        self._count = 0
        self._ports = set()
        if upstream is not None:
            self.upstream_port = self.port()
            self.upstream = proxies.nginx(self, "upstream", upstream(self.upstream_port))

    def find(self, name):
        """The path of a program or of something built; None if it is not there."""
        if name in self._builds:
            path = self._builds[name]
            return path if os.path.exists(path) else None
        return machine.java() if name == "java" else machine.program(name)

    def port(self):
        """A port on loopback that nobody listened on just now, and that was not given out before."""
        while True:
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", 0))
                port = probe.getsockname()[1]
            if port not in self._ports:
                self._ports.add(port)
                return port

    def directory(self, name):
        """A new directory that only we can enter."""
        self._count += 1
        path = os.path.join(self._directory, f"{self._count}{name}")
        os.mkdir(path, 0o700)
        return path

    def start(self, name, command):
        """Starts a process that the keeper will end."""
        return self._keeper.start(name, command)

    def java(self, build, arguments, name=None):
        """Starts a jar with the options that all JVMs get."""
        return self.start(name or build,
                          [self.find("java"), *self._java_options, "-jar", self.find(build), *arguments])

    def decision(self, mode, marker):
        """Starts the decision program; returns its socket and the process."""
        path = os.path.join(self.directory("d"), "s")
        return path, self.start(f"decision-{mode}", [
            self.find("decision"), f"-mode={mode}", f"-socket={path}", f"-refuse={marker}"])
