"""The launch contract: what the gateway says in the environment. Whatever is wrong with it ends the launch."""

from __future__ import annotations

import hashlib
import hmac
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from .logs import LEVELS

__all__ = ["COOKIE", "PROTOCOL_VERSION", "HostAddress", "Launch", "LaunchError"]

COOKIE = "hkp-gateway-plugin-7b1e5c1f0d3a4e2c"
"""Not a secret: it only tells a launch by a gateway from one by hand."""

PROTOCOL_VERSION = 1
"""The major version of the protocol that this SDK speaks."""

BY_HAND = """\
this is a plugin, not a program to run by hand
It is started by hkp-gateway: put its directory (plugin.toml and the executable) into one of the gateway's
hkp.plugins.directories and start the gateway. To run it under a debugger and let a gateway attach to it, start it with
HKP_PLUGIN_DEBUG=true in the environment."""

_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+):(\d{1,5})", re.ASCII)
_LARGEST_FILE = 1024 * 1024


class LaunchError(Exception):
    """The plugin cannot start, or not in the way that was asked. The message is for the operator."""


@dataclass(frozen=True, slots=True)
class HostAddress:
    """Where the gateway's host service listens."""

    target: str
    """``unix:PATH`` or ``HOST:PORT``."""
    token: str = field(repr=False)
    authorities: bytes | None = None
    certificate: bytes | None = None
    key: bytes | None = field(default=None, repr=False)

    @property
    def remote(self) -> bool:
        """Whether it is elsewhere, which means TLS."""
        return not self.target.startswith("unix:")

    @staticmethod
    def parse(environment: Mapping[str, str]) -> HostAddress | None:
        """Reads it; None if the gateway serves none to this process."""
        address = environment.get("PLUGIN_HOST_ADDRESS", "")
        if not address:
            return None
        host = _HOST.fullmatch(address)
        unix = address.startswith("unix:") and len(address) > len("unix:")
        if not unix and not (host and 1 <= int(host[2]) <= 65535):
            raise LaunchError(f"expected: unix:PATH or HOST:PORT in PLUGIN_HOST_ADDRESS, got: {address!r}")
        token = environment.get("PLUGIN_HOST_TOKEN", "")
        if not _is_visible(token):
            # Not quoted: it may be right but for one character.
            raise LaunchError("expected: a token of printable ASCII in PLUGIN_HOST_TOKEN, got: "
                              + ("something else" if token else "none"))
        if unix:
            return HostAddress(address, token)
        certificate = _file(environment, "PLUGIN_HOST_CERT_FILE")
        key = _file(environment, "PLUGIN_HOST_KEY_FILE")
        if (certificate is None) != (key is None):
            raise LaunchError("expected: both of PLUGIN_HOST_CERT_FILE and PLUGIN_HOST_KEY_FILE, or neither, got: only "
                              + ("PLUGIN_HOST_CERT_FILE" if key is None else "PLUGIN_HOST_KEY_FILE"))
        return HostAddress(address, token, _file(environment, "PLUGIN_HOST_CA_FILE"), certificate, key)


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """What the gateway says, or the terms of a start by hand."""

    name: str = ""
    version: str = ""
    socket_directory: Path | None = None
    """None: a new one that only this user can enter."""
    socket: Path | None = None
    """The socket itself, where the operator starts the plugin beside the gateway; a gateway never says it."""
    ports: range | None = None
    """Ports of 127.0.0.1 to choose from, in place of a socket."""
    gateway_certificate: str | None = None
    """PEM of the only client to let in; None: no TLS."""
    secret: str | None = field(default=None, repr=False)
    host: HostAddress | None = None
    data_dir: Path | None = None
    log_level: str = "info"
    versions: str = ""
    by_hand: bool = False

    @staticmethod
    def parse(environment: Mapping[str, str]) -> Launch:
        """Reads the contract. ``HKP_PLUGIN_DEBUG`` changes nothing for a plugin that a gateway starts."""
        by_gateway = environment.get("HKP_PLUGIN_COOKIE") == COOKIE
        if not by_gateway and environment.get("HKP_PLUGIN_DEBUG", "").lower() != "true":
            raise LaunchError(BY_HAND)
        named = environment.get("PLUGIN_UNIX_SOCKET", "") if by_gateway else ""
        directory, ports = _listen(environment) if by_gateway and not named else (None, None)
        data = environment.get("PLUGIN_DATA_DIR", "")
        return Launch(
            name=environment.get("PLUGIN_NAME", ""), version=environment.get("PLUGIN_VERSION", ""),
            socket_directory=directory, socket=Path(named).absolute() if named else None, ports=ports,
            gateway_certificate=_certificate(environment) if by_gateway else None,
            secret=_secret(environment) if by_gateway else None,
            host=HostAddress.parse(environment), data_dir=Path(data).absolute() if data else None,
            log_level=_level(environment), versions=environment.get("PLUGIN_PROTOCOL_VERSIONS", ""), by_hand=not by_gateway)

    @property
    def outlives_gateways(self) -> bool:
        """Whether the process is not the gateway's: gateways come and go."""
        return self.by_hand or self.socket is not None or (self.host is not None and self.host.remote)

    @property
    def speaks_our_version(self) -> bool:
        """Whether the gateway speaks our protocol version; also when it does not say."""
        return not self.versions.strip() or str(PROTOCOL_VERSION) in [part.strip() for part in self.versions.split(",")]

    def proof(self, nonce: bytes) -> bytes:
        """Proves to the gateway that the plugin has the secret; nothing when none is in use."""
        return hmac.digest(self.secret.encode("ascii"), nonce, hashlib.sha256) if self.secret is not None else b""


def _listen(environment: Mapping[str, str]) -> tuple[Path | None, range | None]:
    # The directory is always told, the ports only when TCP is configured: they win.
    if "PLUGIN_MIN_PORT" in environment or "PLUGIN_MAX_PORT" in environment:
        first, last = (_port(environment, name) for name in ("PLUGIN_MIN_PORT", "PLUGIN_MAX_PORT"))
        if first > last:
            raise LaunchError(f"expected: PLUGIN_MIN_PORT at most PLUGIN_MAX_PORT, got: {first} and {last}")
        return None, range(first, last + 1)
    directory = environment.get("PLUGIN_UNIX_SOCKET_DIR", "")
    if not directory:
        raise LaunchError("expected: PLUGIN_UNIX_SOCKET_DIR, or PLUGIN_MIN_PORT and PLUGIN_MAX_PORT, in the environment,"
                          " got: neither; the gateway sets them")
    return Path(directory).absolute(), None


def _port(environment: Mapping[str, str], name: str) -> int:
    value = environment.get(name, "").strip()
    if not re.fullmatch(r"\d{1,5}", value, re.ASCII) or int(value) > 65535:
        raise LaunchError(f"expected: a port from 0 to 65535 in {name}, got: {value!r}")
    return int(value)


def _certificate(environment: Mapping[str, str]) -> str | None:
    """A variable that is set, even to nothing, is meant: a plugin that was asked for TLS never serves plaintext."""
    pem = environment.get("PLUGIN_CLIENT_CERT")
    if pem is None:
        return None
    begin = "-----BEGIN CERTIFICATE-----"
    text = pem.strip()
    if text.startswith(begin) and text.count(begin) == 1 and text.endswith("-----END CERTIFICATE-----"):
        return text + "\n"
    # Not quoted: it may be a key.
    got = f"a value of {len(text)} characters that is not" if text else "an empty value"
    raise LaunchError(f"expected: exactly one X.509 certificate in PEM in PLUGIN_CLIENT_CERT, got: {got};"
                      " the gateway sets the variable, and leaves it out for plaintext")


def _secret(environment: Mapping[str, str]) -> str | None:
    secret = environment.get("PLUGIN_AUTH_SECRET")
    if secret is not None and not _is_visible(secret):
        got = f"{len(secret)} characters, some of another kind" if secret else "an empty value"
        raise LaunchError(f"expected: visible ASCII characters in PLUGIN_AUTH_SECRET, got: {got};"
                          " the gateway sets the variable, and leaves it out when no secret is in use")
    return secret


def _level(environment: Mapping[str, str]) -> str:
    level = environment.get("HKP_LOG_LEVEL", "").lower() or "info"
    if level not in LEVELS:
        raise LaunchError(f"HKP_LOG_LEVEL: expected: {', '.join(LEVELS)}, got: {level!r}")
    return level


def _file(environment: Mapping[str, str], name: str) -> bytes | None:
    path = environment.get(name, "")
    if not path:
        return None
    try:
        with open(path, "rb") as file:
            data = file.read(_LARGEST_FILE)
    except OSError as error:
        raise LaunchError(f"expected: a readable file in {name}, got: {path!r} ({os.strerror(error.errno or 0)})") from error
    if b"-----BEGIN " not in data:
        raise LaunchError(f"expected: PEM in the file of {name}, got: {path!r} without it")
    return data


def _is_visible(text: str) -> bool:
    return bool(text) and all("!" <= character <= "~" for character in text)
