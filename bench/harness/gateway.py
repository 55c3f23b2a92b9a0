"""The gateway, with plugins that are copies of the decision program."""

import os
import shutil

_MANIFEST = """[plugin]
name = "{name}"
version = "1.0.0"
executable = "hkp-plugin-{name}"
protocol_version = "1.0"
order = {order}
args = [{args}]
capabilities = ["http.request", "http.respond"]
"""


def plugin_directory(room, contender, markers, stream):
    """A directory for hkp.plugins.directories, with a plugin for each marker."""
    directory = room.directory(contender + "-plugins")
    for number, marker in enumerate(markers, start=1):
        install(room, directory, _name(number), 100 + number,
                ["-mode=plugin", f"-refuse={marker}", f"-stream={str(stream).lower()}"])
    return directory


def install(room, directory, name, order, args):
    """Makes a plugin of the decision program; returns its directory."""
    home = os.path.join(directory, name)
    os.mkdir(home, 0o755)
    program = os.path.join(home, "hkp-plugin-" + name)
    shutil.copyfile(room.find("decision"), program)
    os.chmod(program, 0o755)
    manifest = os.path.join(home, "plugin.toml")
    with open(manifest, "w", encoding="utf-8") as file:
        file.write(_MANIFEST.format(name=name, order=order, args=", ".join(f'"{arg}"' for arg in args)))
    os.chmod(manifest, 0o644)
    return home


def start(room, name, port, directory, plugins, transport):
    """Starts the gateway; its port opens once its plugins are ready."""
    options = {"hkp.plugins.transport": transport}
    for number in range(1, plugins + 1):
        settings = f"hkp.plugins.settings.{_name(number)}."
        options[settings + "required"] = "true"
        options[settings + "timeout"] = "2s"
    return launch(room, name, port, room.port(), directory, options)


def launch(room, name, port, management, directory, more):
    """Starts the gateway with what every benchmark sets, and more options."""
    options = {
        "server.address": "127.0.0.1",
        "server.port": port,
        "management.server.port": management,
        "hkp.upstream.urls": f"http://127.0.0.1:{room.upstream_port}",
        "hkp.plugins.directories": directory,
        # Its path must leave room for those of sockets, which have 108 bytes.
        "hkp.plugins.runtime-directory": room.directory("r"),
        "hkp.plugins.chain-budget": "10s",
        "hkp.shutdown.pre-stop": "0s",
        # All of the load comes from one address.
        "hkp.edge.max-connections-per-address": 10000,
        "hkp.edge.max-requests-per-address": 10000,
        "logging.level.hkp.access": "off",
        **more,
    }
    return room.java("gateway", [f"--{key}={value}" for key, value in options.items()], name=name)


def _name(number):
    return f"decision-{number}"
