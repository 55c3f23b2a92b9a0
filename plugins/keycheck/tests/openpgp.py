"""Packets by hand, for what no program makes."""

from __future__ import annotations

import base64

from keycheck.armor import crc24

KEY = bytes.fromhex("04") + bytes(4) + bytes([22]) + bytes(45)
SIGNATURE = bytes([4, 0x13, 22, 10, 0, 0, 0, 0, 0, 0]) + bytes(10)


def new(type_: int, content: bytes = b"") -> bytes:
    size = len(content)
    if size < 192:
        length = bytes([size])
    elif size < 8384:
        length = bytes([((size - 192) >> 8) + 192, (size - 192) & 0xFF])
    else:
        length = b"\xff" + size.to_bytes(4)
    return bytes([0xC0 | type_]) + length + content


def old(type_: int, content: bytes, kind: int = 1) -> bytes:
    length = b"" if kind == 3 else len(content).to_bytes(1 << kind)
    return bytes([0x80 | type_ << 2 | kind]) + length + content


def key(*more: bytes) -> bytes:
    return new(6, KEY) + b"".join(more)


def armor(data: bytes, kind: str = "PUBLIC KEY BLOCK", checksum: int | None = -1, headers: str = "", end: str = "\n") -> bytes:
    lines = [f"-----BEGIN PGP {kind}-----", *headers.splitlines(), ""]
    text = base64.b64encode(data).decode()
    lines += [text[at:at + 64] for at in range(0, len(text), 64)]
    if checksum is not None:
        number = crc24(data) if checksum < 0 else checksum
        lines.append("=" + base64.b64encode(number.to_bytes(3)).decode())
    lines += [f"-----END PGP {kind}-----", ""]
    return end.join(lines).encode()
