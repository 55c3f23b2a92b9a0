"""Where the plugin listens, and its end."""

from __future__ import annotations

import contextlib
import logging
import os
import secrets
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import grpc

from ._runner import Runner, seconds_until
from ._service import Service
from .launch import PROTOCOL_VERSION, Launch, LaunchError
from .plugin import Plugin

__all__ = ["PluginServer"]

log = logging.getLogger("sdk")

_LONGEST_PATH = 107
"""The kernel's 108 bytes of a socket path, with the final zero."""
_MOST_CALLS = 1024


class PluginServer:
    """A plugin that listens. Knows nothing of the process around it."""

    def __init__(self, plugin: Plugin[Any], launch: Launch, on_shutdown: Callable[[float], None]) -> None:
        self._launch = launch
        self._runner = Runner(plugin)
        self._service = Service(self._runner, launch, on_shutdown)
        self._remains: list[Path] = []
        self._certificate = ""
        self._credentials: grpc.ServerCredentials | None = None
        if launch.gateway_certificate is not None:
            self._credentials = self._secure(launch.gateway_certificate)
        self._server = self._make()

    async def start(self) -> str:
        """Listens, and returns the handshake line without its end."""
        network, address = await self._listen()
        return f"1|{PROTOCOL_VERSION}|{network}|{address}|grpc|{self._certificate}"

    async def stop(self, seconds: float) -> None:
        """Takes no more calls, lets those in flight finish, closes the plugin. Takes about so long at most."""
        end = time.monotonic() + seconds
        self._service.end_streams()
        # A third of the time is kept for the plugin's own end.
        await self._server.stop(seconds * 2 / 3)
        await self._runner.close(seconds_until(end))
        await self._service.close_host()
        self.abandon()

    def abandon(self) -> None:
        """Removes the socket and nothing else. Never raises: the process ends next."""
        for path in self._remains:
            with contextlib.suppress(OSError):
                path.rmdir() if path.is_dir() else path.unlink()

    def _secure(self, gateway: str) -> grpc.ServerCredentials:
        # Imported here, because it takes a good part of a start and plaintext does not need it.
        from ._certificate import check_gateway, one_off

        check_gateway(gateway)
        own = one_off()
        self._certificate = own.handshake
        # The gateway's certificate is the only root, so it is the only one that leads to a root: another that is signed by
        # itself is refused. One that the gateway's own key has signed would not be a stranger: nobody else has that key.
        return grpc.ssl_server_credentials([(own.key_pem, own.pem)], gateway.encode(), require_client_auth=True)

    def _make(self) -> grpc.aio.Server:
        server = grpc.aio.server(options=[
            ("grpc.max_receive_message_length", self._runner.plugin.options.max_message_bytes),
            ("grpc.max_send_message_length", -1),
            ("grpc.max_concurrent_streams", _MOST_CALLS),
            # Two plugins never share a port, which gRPC would allow by default.
            ("grpc.so_reuseport", 0),
            ("grpc.http2.min_recv_ping_interval_without_data_ms", 5_000),
            ("grpc.keepalive_permit_without_calls", 1)])
        server.add_generic_rpc_handlers((self._service,))
        return server

    def _bind(self, address: str) -> int:
        if self._credentials is None:
            port: int = self._server.add_insecure_port(address)
        else:
            port = self._server.add_secure_port(address, self._credentials)
        return port

    async def _listen(self) -> tuple[str, str]:
        if self._launch.ports is not None:
            return "tcp", f"127.0.0.1:{await self._listen_tcp(self._launch.ports)}"
        if self._launch.socket is not None:
            return "unix", await self._listen_named(self._launch.socket)
        if self._launch.socket_directory is not None:
            return "unix", await self._listen_unix(_fresh_path(self._launch.socket_directory))
        try:
            # Only the owner can enter it.
            directory = Path(tempfile.mkdtemp(prefix="hkp"))
        except OSError as error:
            raise LaunchError(f"expected: to make a directory in {tempfile.gettempdir()}, got: {error}; set TMPDIR") from error
        self._remains.append(directory)
        return "unix", await self._listen_unix(_fresh_path(directory))

    async def _listen_named(self, path: Path) -> str:
        try:
            # Left by a process that was killed. Nothing but a socket is taken away.
            if path.is_socket():
                path.unlink()
            address = await self._listen_unix(path)
            # The gateway may be another user, of the same group.
            path.chmod(0o660)
        except OSError as error:
            raise LaunchError(f"expected: a socket at {path} (PLUGIN_UNIX_SOCKET), got: {error}") from error
        return address

    async def _listen_unix(self, path: Path) -> str:
        length = len(os.fsencode(path))
        if length > _LONGEST_PATH:
            raise LaunchError(f"expected: a unix socket path of at most {_LONGEST_PATH} bytes, got: {length} bytes ({path});"
                              " configure a shorter hkp.plugins.runtime-directory")
        try:
            self._bind(f"unix:{path}")
        except RuntimeError as error:
            raise LaunchError(f"expected: to bind a unix socket at {path}, got: {error}; the directory must exist and be"
                              " writable") from error
        self._remains.insert(0, path)
        await self._server.start()
        return str(path)

    async def _listen_tcp(self, ports: range) -> int:
        for port in ports:
            try:
                bound = self._bind(f"127.0.0.1:{port}")
            except RuntimeError:
                continue
            await self._server.start()
            return bound
        raise LaunchError(f"expected: a free port on 127.0.0.1 from {ports.start} to {ports.stop - 1}, got: none")


def _fresh_path(directory: Path) -> Path:
    return directory / f"p{secrets.token_hex(4)}"
