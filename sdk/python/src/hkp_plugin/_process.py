"""A plugin as a process: standard streams, signals, exit codes.

It ends

- when the gateway calls Shutdown, or on SIGTERM or SIGINT: calls in flight finish, the plugin is closed, the socket is
  removed, exit code 0;
- with exit code 1 and without closing the plugin when its standard input ends: the gateway holds the other end and never
  writes to it, so the end means that the gateway has died;
- with exit code 1 when it cannot start, after saying why on standard error.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
import threading
from typing import Any, NoReturn

from ._stdout import take
from .launch import PROTOCOL_VERSION, Launch, LaunchError
from .logs import HclogHandler, install
from .plugin import Plugin

__all__ = ["serve"]

log = logging.getLogger("sdk")

_STOP_SECONDS = 5.0
_SIGNAL_SECONDS = 0.25
_FLUSH_SECONDS = 0.5
_LEFTOVER_SECONDS = 1.0


def serve(plugin: Plugin[Any] | type[Plugin[Any]]) -> NoReturn:
    """Runs a plugin until it ends. See ``hkp_plugin.serve``."""
    handshake = take()
    try:
        launch = Launch.parse(os.environ)
    except LaunchError as error:
        sys.exit(str(error))
    # Programs that the plugin starts are none.
    os.environ.pop("HKP_PLUGIN_COOKIE", None)
    handler = install(launch.log_level)
    # gRPC's own lines are for those who develop it; what goes wrong is told by us and by the gateway.
    os.environ.setdefault("GRPC_VERBOSITY", "NONE" if launch.log_level != "trace" else "INFO")
    code = 1
    try:
        asyncio.run(_Process(launch, handshake, handler).run(plugin() if isinstance(plugin, type) else plugin))
        code = 0
    except LaunchError as error:
        handler.flush_within(_FLUSH_SECONDS)
        print(error, file=sys.stderr)
    except Exception:
        log.exception("the plugin cannot start")
    handler.flush_within(_FLUSH_SECONDS)
    # A handler's thread that never ends would keep the interpreter from exiting.
    threading.Thread(target=_exit_later, args=(code,), daemon=True).start()
    sys.exit(code)


def _exit_later(code: int) -> None:
    threading.Event().wait(_LEFTOVER_SECONDS)
    os._exit(code)


class _Process:
    def __init__(self, launch: Launch, handshake: int, handler: HclogHandler) -> None:
        self._launch = launch
        self._handshake = handshake
        self._handler = handler
        self._ending = threading.Event()
        self._server: Any = None

    async def run(self, plugin: Plugin[Any]) -> None:
        """Until the end."""
        # One that its operator has started may have no input.
        if not self._launch.by_hand and self._launch.socket is None:
            threading.Thread(target=self._await_end_of_input, name="plugin-stdin", daemon=True).start()
        # Only here: what stands before this must not wait for gRPC.
        try:
            from ._server import PluginServer
        except ImportError as error:
            # Most likely of a directory that was built for another version: grpcio is compiled code.
            raise LaunchError(
                f"expected: grpcio, protobuf and cryptography for Python {sys.version_info[0]}.{sys.version_info[1]}"
                f" ({sys.executable}), got: {error}; build the plugin with this Python, or start it with the one that it was"
                " built with") from error

        loop = asyncio.get_running_loop()
        ended: asyncio.Future[float] = loop.create_future()

        def end(seconds: float) -> None:
            self._ending.set()
            if not ended.done():
                ended.set_result(seconds)

        def shutdown(seconds: float) -> None:
            if self._launch.by_hand:
                log.info("only its user ends a plugin that was started by hand")
            else:
                end(seconds)

        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, end, _STOP_SECONDS)
        server = self._server = PluginServer(plugin, self._launch, shutdown)
        try:
            line = await server.start()
            if not self._launch.speaks_our_version:
                # The gateway compares, and can say what both sides speak.
                log.error("the gateway does not speak this plugin's protocol version",
                          extra={"expected": PROTOCOL_VERSION, "got": self._launch.versions})
            self._tell(line)
        except BaseException:
            server.abandon()
            raise
        await server.stop(await ended)

    def _tell(self, line: str) -> None:
        if self._launch.by_hand:
            name = self._launch.name
            hint = "" if name else " with the plugin's name in place of <name>"
            os.write(2, f"this plugin waits for a gateway to attach, until you stop it (Ctrl-C); give the gateway this setting"
                        f"{hint}:\nhkp.plugins.settings.{name or '<name>'}.attach={line}\n".encode())
            return
        data = line.encode() + b"\n"
        try:
            while data:
                data = data[os.write(self._handshake, data):]
        except OSError as error:
            raise LaunchError(f"expected: to write the handshake to standard output, got: {error}") from error

    def _await_end_of_input(self) -> None:
        """The raw descriptor: a thread that waits in sys.stdin would keep its lock at exit."""
        try:
            while os.read(0, 4096):
                pass
        except OSError:
            # As good as the end.
            log.debug("standard input cannot be read")
        # A gateway may close our input and send SIGTERM in one go, so the signal gets a moment to arrive.
        if self._ending.wait(_SIGNAL_SECONDS):
            return
        if self._server is not None:
            self._server.abandon()
        log.error("standard input has ended, so the gateway has died; this plugin ends, too")
        self._handler.flush_within(0.1)
        os._exit(1)
