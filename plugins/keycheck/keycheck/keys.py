"""Transferable keys: RFC 9580 section 10.1. Counts, and checks what can be checked without a signature being verified."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from .findings import Findings
from .packets import Malformed, Packet, packets

__all__ = ["Facts", "check_keys"]

SIGNATURE, SECRET_KEY, PUBLIC_KEY, SECRET_SUBKEY = 2, 5, 6, 7
MARKER, TRUST, USER_ID, PUBLIC_SUBKEY, USER_ATTRIBUTE, PADDING = 10, 12, 13, 14, 17, 21

_NAMES = {
    1: "an encrypted session key", 2: "a signature", 3: "an encrypted session key", 4: "a one-pass signature", 8: "compressed data",
    9: "encrypted data", 11: "literal data", 18: "encrypted data", 19: "a modification detection code", 20: "encrypted data"}
_PRIMARY = frozenset([PUBLIC_KEY, SECRET_KEY])
_SUBKEYS = frozenset([PUBLIC_SUBKEY, SECRET_SUBKEY])
_IGNORED = frozenset([MARKER, TRUST, PADDING])
_KEY_VERSIONS = frozenset([2, 3, 4, 5, 6])
_FIRST_NOT_CRITICAL = 40


@dataclass
class Facts:
    """About an upload, as far as it was looked at."""

    keys: int = 0
    user_ids: int = 0
    signatures: int = 0
    packets: int = 0
    first_fingerprint: str = ""
    """Upper-case hex; empty for versions other than 4 and 6."""


class _Key:
    """The key that is being read."""

    def __init__(self, start: int) -> None:
        self.start = start
        self.user_ids = 0
        self.signatures = 0
        self.component = "the key itself"
        self.component_signatures = 0


def check_keys(data: bytes, findings: Findings, facts: Facts) -> None:
    """Checks binary packets. Ends by ``Refused`` at the first rule in force that is broken."""
    key: _Key | None = None
    try:
        for packet in packets(data):
            facts.packets += 1
            findings.at_most("packets", facts.packets, "packets")
            findings.at_most("packet_size", packet.end - packet.content, "a packet of type {}", packet.type)
            if packet.fault:
                findings.broken("structure", packet.fault)
            if packet.type in _PRIMARY:
                key = _begin(data, packet, findings, facts)
            elif key is None:
                _outside(packet, findings)
            else:
                _inside(data, key, packet, findings, facts)
            if key is not None:
                findings.at_most("key_size", packet.end - key.start, "a key")
    except Malformed as error:
        findings.broken("structure", str(error))
    if facts.keys == 0:
        findings.broken("structure", "expected: a public key, got: none")


def _begin(data: bytes, packet: Packet, findings: Findings, facts: Facts) -> _Key:
    facts.keys += 1
    findings.at_most("keys", facts.keys, "keys in one upload")
    _check_key_packet(data, packet, findings)
    if not facts.first_fingerprint:
        facts.first_fingerprint = _fingerprint(data[packet.content:packet.end])
    return _Key(packet.start)


def _check_key_packet(data: bytes, packet: Packet, findings: Findings) -> None:
    if packet.type in (SECRET_KEY, SECRET_SUBKEY):
        findings.broken("secret", "expected: a public key, got: SECRET key material; whoever has seen it can use it, so revoke"
                                  " that key")
    version = data[packet.content] if packet.end > packet.content else 0
    if version not in _KEY_VERSIONS:
        findings.broken("structure", f"expected: a key of version 2 to 6, got: {version}")
    # Version, time, algorithm, and for any algorithm some octets more.
    elif packet.end - packet.content < 8:
        findings.broken("structure", f"expected: a key of at least 8 octets, got: {packet.end - packet.content}")


def _outside(packet: Packet, findings: Findings) -> None:
    if packet.type not in _IGNORED:
        findings.broken("structure", f"expected: a public key first, got: {_name(packet.type)}")


def _inside(data: bytes, key: _Key, packet: Packet, findings: Findings, facts: Facts) -> None:
    if packet.type == SIGNATURE:
        _count_signature(key, findings, facts)
        _check_signature(data, packet, findings)
    elif packet.type in (USER_ID, USER_ATTRIBUTE):
        facts.user_ids += 1
        key.user_ids += 1
        key.component, key.component_signatures = f"user id {key.user_ids}", 0
        findings.at_most("user_ids", key.user_ids, "user ids")
        if packet.type == USER_ID:
            findings.at_most("user_id_length", packet.end - packet.content, "a user id")
    elif packet.type in _SUBKEYS:
        key.component, key.component_signatures = "a subkey", 0
        _check_key_packet(data, packet, findings)
    elif packet.type in _NAMES or packet.type == 0:
        findings.broken("structure", f"expected: what a key is made of, got: {_name(packet.type)}")
    elif packet.type not in _IGNORED and packet.type < _FIRST_NOT_CRITICAL:
        findings.broken("critical", "expected: packets that are known, or not critical (types 40 to 63), got: one of type"
                                    f" {packet.type}")


def _count_signature(key: _Key, findings: Findings, facts: Facts) -> None:
    facts.signatures += 1
    key.signatures += 1
    key.component_signatures += 1
    findings.at_most("signatures", key.signatures, "signatures of a key")
    findings.at_most("signatures_per_component", key.component_signatures, "signatures of {}", key.component)


def _check_signature(data: bytes, packet: Packet, findings: Findings) -> None:
    """That its areas of subpackets are inside of it. Of versions that are not known nothing is known."""
    size = packet.end - packet.content
    version = data[packet.content] if size else 0
    wide = {4: 2, 5: 2, 6: 4}.get(version)
    if wide is None:
        if size == 0 or (version in (2, 3) and size < 20):
            findings.broken("structure", f"expected: a whole signature, got: one of {size} octets")
        return
    at = packet.content + 4
    for _ in range(2):
        if at + wide > packet.end:
            break
        at += wide + int.from_bytes(data[at:at + wide])
    else:
        if at + 2 <= packet.end:
            return
    findings.broken("structure", f"expected: a signature that holds its subpackets, got: one of {size} octets that does not")


def _fingerprint(content: bytes) -> str:
    if content[:1] == b"\x04":
        return hashlib.sha1(b"\x99" + len(content).to_bytes(4)[2:] + content, usedforsecurity=False).hexdigest().upper()
    if content[:1] == b"\x06":
        return hashlib.sha256(b"\x9b" + len(content).to_bytes(4) + content).hexdigest().upper()
    return ""


def _name(type_: int) -> str:
    return _NAMES.get(type_, f"a packet of type {type_}")
