"""A gateway with plugins that call it: copies of the caller program, each told by HTTP on a socket what to do."""

import http.client
import json
import os
import shutil
import socket
import time
import urllib.parse

from harness import gateway, load
from harness.processes import ProcessFailed

READY_SECONDS = 120

_GRANTS = ("http.request", "http.respond", "storage.query", "state", "events.publish", "events.subscribe")

_MANIFEST = """[plugin]
name = "{name}"
version = "1.0.0"
executable = "hkp-plugin-{name}"
protocol_version = "1.0"
args = ["-control={control}"]
capabilities = [{capabilities}]
"""


class Caller:
    """The harness' end of one plugin's socket."""

    def __init__(self, name, path):
        self.name = name
        self._path = path

    def ask(self, action, timeout=30, **query):
        """Does something and returns what came of it."""
        return self.begin(action, timeout, **query).result()

    def begin(self, action, timeout=30, **query):
        """Lets something be done meanwhile."""
        return Pending(self, self._path, f"/{action}?" + urllib.parse.urlencode(query, doseq=True), timeout)


class Pending:
    """What a plugin does at the moment."""

    def __init__(self, caller, path, target, timeout):
        self._what = f"{caller.name}: {target}"
        self._connection = _UnixConnection(path, timeout)
        try:
            self._connection.request("GET", target)
        except OSError as failure:
            self._connection.close()
            raise ProcessFailed(f"{self._what}: expected: a plugin that listens, got: {failure}") from failure

    def result(self):
        """Waits for the end, as long as the timeout says."""
        try:
            answer = self._connection.getresponse()
            text = answer.read().decode("utf-8")
        except (OSError, http.client.HTTPException) as failure:
            raise ProcessFailed(f"{self._what}: expected: an answer, got: {failure!r}") from failure
        finally:
            self._connection.close()
        if answer.status != 200:
            raise ProcessFailed(f"{self._what}: {text.strip()}")
        return json.loads(text)


class _UnixConnection(http.client.HTTPConnection):

    def __init__(self, path, timeout):
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


class CallingGateway:
    """A gateway and its plugins. The first of them is asked about each request, the others about none."""

    def __init__(self, room, name, plugins, options):
        self.port, self._management = room.port(), room.port()
        directory, sockets = room.directory("p"), room.directory("c")
        self.callers = {}
        settings = {"hkp.plugins.default-grants": ",".join(_GRANTS)}
        for plugin in plugins:
            control = os.path.join(sockets, plugin)
            _install(room, directory, plugin, control)
            self.callers[plugin] = Caller(plugin, control)
            settings[f"hkp.plugins.settings.{plugin}.required"] = "true"
            settings[f"hkp.plugins.settings.{plugin}.timeout"] = "2s"
            if plugin != plugins[0]:
                settings[f"hkp.plugins.settings.{plugin}.match.paths"] = "/nothing/of/this/name"
        self.process = gateway.launch(room, name, self.port, self._management, directory, {**settings, **options})

    def await_ready(self):
        """Waits until requests pass and all plugins can be told what to do."""
        deadline = time.monotonic() + READY_SECONDS
        while True:
            self.process.check()
            try:
                if load.get(self.port, load.TARGET)[0] == 200:
                    for caller in self.callers.values():
                        caller.ask("unsubscribe")
                    return
                problem = "another status than 200"
            except (OSError, http.client.HTTPException, ProcessFailed) as failure:
                problem = failure
            if time.monotonic() > deadline:
                raise ProcessFailed(f"{self.process.name}: expected: ready within {READY_SECONDS} s, got: {problem}\n"
                                    + self.process.tail())
            time.sleep(0.2)

    def pid(self, plugin):
        """The process of a plugin, which is a descendant of the gateway's."""
        found = self._actuator(f"plugins/{plugin}")
        if not found:
            raise ProcessFailed(f"{self.process.name}: expected: the plugin {plugin}, got: none of that name")
        return int(found["pid"])

    def lost(self, plugin):
        """How many events a plugin did not get, as the gateway counts them."""
        found = self._actuator(f"metrics/hkp.plugin.events.lost?tag=plugin:{plugin}")
        return int(found["measurements"][0]["value"]) if found else 0

    def _actuator(self, path):
        connection = http.client.HTTPConnection("127.0.0.1", self._management, timeout=20)
        try:
            connection.request("GET", "/actuator/" + path)
            answer = connection.getresponse()
            body = answer.read()
            if answer.status == 404:
                return None
            if answer.status != 200:
                raise ProcessFailed(f"{self.process.name}: /actuator/{path}: expected: 200, got: {answer.status}")
            return json.loads(body)
        finally:
            connection.close()


def _install(room, directory, name, control):
    home = os.path.join(directory, name)
    os.mkdir(home, 0o755)
    program = os.path.join(home, "hkp-plugin-" + name)
    shutil.copyfile(room.find("caller"), program)
    os.chmod(program, 0o755)
    manifest = os.path.join(home, "plugin.toml")
    with open(manifest, "w", encoding="utf-8") as file:
        file.write(_MANIFEST.format(name=name, control=control,
                                    capabilities=", ".join(f'"{grant}"' for grant in _GRANTS)))
    os.chmod(manifest, 0o644)
