"""Plays the gateway: starts plugins as processes, with certificates and secrets of its own, and talks to them."""

from __future__ import annotations

import base64
import contextlib
import datetime
import json
import os
import queue
import select
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import grpc
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from hkp_plugin.launch import COOKIE
from hkp_plugin.proto import hkp_plugin_pb2 as pb
from hkp_plugin.proto import hkp_plugin_pb2_grpc as rpc

HERE = Path(__file__).resolve().parent
SOURCES = HERE.parent / "src"
SAMPLE = HERE / "plugins" / "sample.py"
# Ten times what a busy machine of two cores has needed.
SECONDS = 60.0


class Identity:
    """The gateway's one-off certificate: P-256, signed by itself, not a CA; or one that another has signed."""

    def __init__(self, *, name: str = "localhost", issuer: Identity | None = None, curve: ec.EllipticCurve | None = None) -> None:
        self.key = ec.generate_private_key(curve or ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        now = datetime.datetime.now(datetime.UTC)
        signer = issuer or self
        self.subject = subject
        self.certificate = (
            x509.CertificateBuilder(subject, signer.subject, self.key.public_key(), x509.random_serial_number(),
                                    now - datetime.timedelta(seconds=30), now + datetime.timedelta(days=3650))
            .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.KeyUsage(True, False, False, False, False, False, False, False, False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([x509.ExtendedKeyUsageOID.SERVER_AUTH, x509.ExtendedKeyUsageOID.CLIENT_AUTH]),
                           critical=False)
            .sign(signer.key, hashes.SHA256()))

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    @property
    def key_pem(self) -> bytes:
        return self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())

    def credentials(self, server_der: bytes) -> grpc.ChannelCredentials:
        return grpc.ssl_channel_credentials(pem(server_der), self.key_pem, self.pem)


def pem(der: bytes) -> bytes:
    return x509.load_der_x509_certificate(der).public_bytes(serialization.Encoding.PEM)


class Process:
    """A plugin that was started; both of its pipes are read."""

    def __init__(self, command: list[str], environment: dict[str, str], read_stderr: bool = True) -> None:
        self.popen = subprocess.Popen(
            command, env={"PATH": os.environ["PATH"], **environment}, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE)
        self.stderr = b""
        self.lines: queue.Queue[str] = queue.Queue()
        self.changed = threading.Condition()
        self.channels: list[grpc.Channel] = []
        self._readers = [threading.Thread(target=self._read_stdout, daemon=True)]
        if read_stderr:
            self._readers.append(threading.Thread(target=self._read_stderr, daemon=True))
        for reader in self._readers:
            reader.start()

    def _read_stdout(self) -> None:
        for line in self.popen.stdout:
            self.lines.put(line.decode())

    def _read_stderr(self) -> None:
        while chunk := os.read(self.popen.stderr.fileno(), 65536):
            with self.changed:
                self.stderr += chunk
                self.changed.notify_all()

    def handshake(self) -> list[str]:
        return self.lines.get(timeout=SECONDS).rstrip("\n").split("|")

    def await_stderr(self, text: str) -> str:
        with self.changed:
            assert self.changed.wait_for(lambda: text.encode() in self.stderr, SECONDS), self.stderr.decode()
            return self.stderr.decode()

    def log(self) -> list[dict]:
        """The lines of its log so far that are complete."""
        with self.changed:
            lines = self.stderr.decode().split("\n")[:-1]
        return [json.loads(line) for line in lines if line.startswith("{")]

    def exit_code(self) -> int:
        code = self.popen.wait(SECONDS)
        for reader in self._readers:
            reader.join(SECONDS)
        return code

    def close(self) -> None:
        for channel in self.channels:
            channel.close()
        if self.popen.poll() is None:
            self.popen.kill()
        self.popen.wait(SECONDS)
        for reader in self._readers:
            reader.join(SECONDS)
        for pipe in (self.popen.stdin, self.popen.stdout, self.popen.stderr):
            with contextlib.suppress(OSError):
                pipe.close()

    def connect(self, handshake: list[str], identity: Identity | None = None, secret: str | None = None) -> rpc.HKPPluginStub:
        """A client; without an identity in plaintext."""
        target = f"unix:{handshake[3]}" if handshake[2] == "unix" else handshake[3]
        options = [("grpc.default_authority", "localhost"), ("grpc.enable_http_proxy", 0)]
        if identity is not None:
            der = base64.b64decode(handshake[5] + "==")
            channel = grpc.secure_channel(target, identity.credentials(der), [*options, ("grpc.ssl_target_name_override", "localhost")])
        else:
            channel = grpc.insecure_channel(target, options)
        self.channels.append(channel)
        if secret is not None:
            channel = grpc.intercept_channel(channel, Bearer(secret))
        return rpc.HKPPluginStub(channel)


class Bearer(grpc.UnaryUnaryClientInterceptor, grpc.StreamStreamClientInterceptor):
    def __init__(self, secret: str) -> None:
        self._metadata = [("authorization", f"Bearer {secret}")]

    def intercept_unary_unary(self, continuation, details, request):
        return continuation(self._with(details), request)

    def intercept_stream_stream(self, continuation, details, requests):
        return continuation(self._with(details), requests)

    def _with(self, details):
        return details._replace(metadata=[*(details.metadata or ()), *self._metadata])


@contextlib.contextmanager
def started(directory: Path, *arguments: str, program: Path = SAMPLE, by_hand: bool = False, read_stderr: bool = True,
            **environment: str | None) -> Iterator[Process]:
    """Starts a plugin as a gateway does; an environment variable of None is left out."""
    given: dict[str, str | None] = {"PYTHONPATH": str(SOURCES), "TMPDIR": str(directory)}
    if not by_hand:
        given |= {"HKP_PLUGIN_COOKIE": COOKIE, "PLUGIN_PROTOCOL_VERSIONS": "1", "PLUGIN_UNIX_SOCKET_DIR": str(directory),
                  "PLUGIN_NAME": "sample", "PLUGIN_VERSION": "1.2.3"}
    given |= environment
    process = Process(
        [sys.executable, str(program), *arguments], {key: value for key, value in given.items() if value is not None},
        read_stderr)
    try:
        yield process
    finally:
        process.close()


def initialize(plugin: rpc.HKPPluginStub, config: dict | None = None, instance: str = "one", **fields) -> pb.InitResponse:
    return plugin.Initialize(
        pb.InitRequest(config_json=json.dumps(config or {}), instance_id=instance, hockeypuck_version="9.9",
                       protocol_version="1.0", **fields), timeout=SECONDS)


def event(path: str, number: object = 1, **fields) -> pb.HandleRequestEvent:
    fields.setdefault("deadline_ms", int(SECONDS * 1000))
    return pb.HandleRequestEvent(
        request_id=f"r{number}", method="GET", path=path, raw_target=path.encode(), remote_addr="192.0.2.7:4711", **fields)


def eventually(condition) -> None:
    end = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < end, "expected: it to become true, got: the end of patience"
        select.select([], [], [], 0.01)
