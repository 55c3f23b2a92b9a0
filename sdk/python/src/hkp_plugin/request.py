"""What a plugin sees of a request and of the keyserver's answer. Everything is immutable."""

from __future__ import annotations

import enum
import ipaddress
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

__all__ = ["Body", "BodyState", "Client", "Headers", "HkpQuery", "Operation", "Request", "Response"]


class Operation(enum.IntEnum):
    """What a request asks of a keyserver, as the gateway understood it."""

    OTHER = 0
    """An HKP path with an operation that the gateway does not know."""
    LOOKUP_GET = 1
    LOOKUP_HGET = 2
    LOOKUP_INDEX = 3
    LOOKUP_VINDEX = 4
    LOOKUP_STATS = 5
    ADD = 6
    REPLACE = 7
    DELETE = 8
    HASHQUERY = 9
    STATS = 10
    HEALTH = 11
    V2_CERTS_BY_VFINGERPRINT = 12
    V2_CERTS_BY_IDENTITY = 13
    V2_CERTS_BY_KEYID = 14
    V2_INDEX = 15
    V2_PREFIXLOG = 16
    V2_ADD = 17

    @property
    def is_upload(self) -> bool:
        """Whether it gives keys to the keyserver."""
        return self in (Operation.ADD, Operation.REPLACE, Operation.DELETE, Operation.V2_ADD)


@dataclass(frozen=True, slots=True)
class HkpQuery:
    """The gateway's reading of the target. Decide by it; do not parse the target again."""

    operation: Operation
    search: str = ""
    """The decoded search term as sent, for example ``0xA1B2…`` or ``alice@lab.example``."""
    fingerprint: str = ""
    """Upper-case hex without 0x (32, 40 or 64 digits) when the search is a fingerprint, else empty."""
    key_id: str = ""
    """Upper-case hex without 0x (8 or 16 digits) when the search is a key id, else empty."""
    options: tuple[str, ...] = ()
    machine_readable: bool = False
    exact: bool = False
    show_hash: bool = False
    show_fingerprint: bool = False


class BodyState(enum.IntEnum):
    """How much of the body a plugin was given."""

    ABSENT = 0
    """The request has none."""
    COMPLETE = 1
    PREFIX = 2
    """Its first bytes; more follow, which this plugin does not see."""
    WITHHELD = 3
    """There is one, and this plugin does not get it: not asked for, or not granted."""


@dataclass(frozen=True, slots=True)
class Body:
    """The body, as much of it as the plugin was given."""

    state: BodyState = BodyState.ABSENT
    data: bytes = field(default=b"", repr=False)
    length: int | None = None
    """Of the whole body in bytes, when the client declared it."""


class Headers:
    """Header fields: names compare without case; order and repeated values are kept; values are read as Latin-1."""

    __slots__ = ("_fields",)

    def __init__(self, fields: Iterable[tuple[str, str]] = ()) -> None:
        self._fields = tuple(fields)

    def first(self, name: str, default: str = "") -> str:
        """The first value of a name."""
        wanted = name.lower()
        return next((value for key, value in self._fields if key.lower() == wanted), default)

    def all(self, name: str) -> list[str]:
        """Every value of a name, in order."""
        wanted = name.lower()
        return [value for key, value in self._fields if key.lower() == wanted]

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and any(key.lower() == name.lower() for key, _ in self._fields)

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self._fields)

    def __len__(self) -> int:
        return len(self._fields)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Headers) and self._fields == other._fields

    def __hash__(self) -> int:
        return hash(self._fields)

    def __repr__(self) -> str:
        return f"Headers({list(self._fields)!r})"


@dataclass(frozen=True, slots=True)
class Client:
    """The client as the gateway resolved it. No header can forge it; do not read one."""

    address: ipaddress.IPv4Address | ipaddress.IPv6Address
    port: int = 0

    @staticmethod
    def parse(text: str) -> Client:
        """Reads ``192.0.2.7:4711`` or ``[2001:db8::7]:4711``; an IPv4-mapped address becomes IPv4."""
        host, _, port = text.rpartition(":")
        bracketed = host.startswith("[") and host.endswith("]")
        try:
            if ":" in host and not bracketed:
                raise ValueError(text)
            address = ipaddress.ip_address(host[1:-1] if bracketed else host)
            if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
                address = address.ipv4_mapped
            return Client(address, int(port))
        except ValueError:
            raise ValueError(
                f"remote_addr: expected: 192.0.2.7:4711 or [2001:db8::7]:4711, got: {text!r}") from None

    def __str__(self) -> str:
        return str(self.address)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request. Strings never contain what the client did not send, but for ``client``, ``tls`` and ``annotations``."""

    id: str
    """The gateway's request id, as in its log."""
    method: str
    path: str
    """Percent-decoded, without the query."""
    target: str
    """The request target as received: path, question mark, query; octets as Latin-1."""
    query: Mapping[str, str]
    """Decoded; of a repeated name the first value."""
    headers: Headers
    client: Client
    tls: bool = False
    """Whether the client spoke TLS to the gateway."""
    hkp: HkpQuery | None = None
    """None for a target outside HKP."""
    body: Body = Body()
    annotations: Mapping[str, str]
    """Notes of plugins that ran earlier, keyed ``<plugin>.<key>``."""
    grants: frozenset[str] = frozenset()
    """The capabilities in force."""
    deadline: float | None = None
    """On the clock of ``time.monotonic``: answers that come later are ignored. None: not stated."""
    traceparent: str = ""
    """W3C Trace Context; empty when the request is not traced."""
    dry_run: bool = False
    """Decide as for a real request, and change no state."""

    @property
    def operation(self) -> Operation | None:
        """What is asked, or None outside HKP."""
        return self.hkp.operation if self.hkp is not None else None

    @property
    def search(self) -> str:
        """The search term, or nothing."""
        return self.hkp.search if self.hkp is not None else ""

    def remaining(self) -> float | None:
        """Seconds left for the decision, at least 0; None: not stated."""
        return None if self.deadline is None else max(0.0, self.deadline - time.monotonic())


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """The keyserver's answer before its body. What tells of the request is absent without the grant ``http.request``."""

    request_id: str
    status: int
    headers: Headers
    """As the client would get them now."""
    method: str = ""
    target: str = ""
    """As it was sent to the keyserver."""
    hkp: HkpQuery | None = None
    client: Client | None = None
    annotations: Mapping[str, str]
    upstream_ms: int = 0
    """From sending the request to the head of the answer."""
    deadline: float | None = None
    traceparent: str = ""
    dry_run: bool = False

    @property
    def operation(self) -> Operation | None:
        """What was asked, or None outside HKP and without the grant."""
        return self.hkp.operation if self.hkp is not None else None
