"""ASCII armor: RFC 9580 section 6. Tolerant of what programs do with it (line ends, blanks), strict with its base64."""

from __future__ import annotations

import binascii
import re
import sys
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

__all__ = ["Block", "blocks", "crc24"]

_BEGIN = re.compile(rb"^-----BEGIN PGP ([A-Z0-9 ,/]{1,64})-----[ \t]*\r?$", re.MULTILINE)
_CHECKSUM = re.compile(rb"^=([A-Za-z0-9+/]{4})[ \t\r]*$", re.MULTILINE)
_BLANKS = b" \t\r\n"
_MOST_HEADERS = 100


@dataclass(frozen=True, slots=True)
class Block:
    """One block. ``data`` is None and ``fault`` says why if it is no armor."""

    kind: str
    """For example ``PUBLIC KEY BLOCK``."""
    data: bytes | None
    checksum: int | None = None
    fault: str = ""


def blocks(text: bytes) -> Iterator[Block]:
    """All blocks of a text. What stands between them is no concern of anybody."""
    at = 0
    while begin := _BEGIN.search(text, at):
        kind = begin[1].decode("ascii")
        ending = text.find(b"-----END PGP " + begin[1] + b"-----", begin.end())
        if ending < 0:
            yield Block(kind, None, fault=f"expected: -----END PGP {kind}-----, got: the end of the text")
            return
        yield _block(kind, text[begin.end():ending].lstrip(b"\r").removeprefix(b"\n"))
        at = ending + 1


def _block(kind: str, inner: bytes) -> Block:
    begin = _headers(inner)
    if begin < 0:
        return Block(kind, None, fault=f"expected: at most {_MOST_HEADERS} headers of the armor, got: more")
    body = inner[begin:]
    checksum = None
    # It stands behind the last line, so it is looked for in the last lines only.
    tail = max(0, len(body) - 200)
    if found := _CHECKSUM.search(body, tail):
        checksum = int.from_bytes(binascii.a2b_base64(found[1]))
        body, rest = body[:found.start()], body[found.end():]
        if rest.strip(_BLANKS):
            return Block(kind, None, fault="expected: the end of the block behind its checksum, got: more")
    try:
        return Block(kind, binascii.a2b_base64(body.translate(None, _BLANKS), strict_mode=True), checksum)
    except ValueError as error:
        return Block(kind, None, fault=f"expected: base64, got: {str(error).lower()}")


def _headers(inner: bytes) -> int:
    """Where the base64 begins: headers are keys and values with a colon, and end with a blank line; -1: there are too many."""
    at = 0
    for _ in range(_MOST_HEADERS + 1):
        end = inner.find(b"\n", at)
        if end < 0:
            return at
        line = inner[at:end].strip(_BLANKS)
        if line and b":" not in line:
            return at
        at = end + 1
        if not line:
            return at
    return -1


def crc24(data: bytes) -> int:
    """The checksum of RFC 9580 section 6.1.1, two octets at a time: 1 MiB takes some 40 ms."""
    table = _table()
    crc = 0xB704CE
    even = len(data) & ~1
    words = array("H", data[:even])
    if sys.byteorder == "little":
        words.byteswap()
    for word in words:
        crc = (crc << 16 & 0xFFFFFF) ^ table[crc >> 8 ^ word]
    if even < len(data):
        crc = (crc << 8 & 0xFFFFFF) ^ table[crc >> 16 ^ data[even]]
    return crc


@cache
def _table() -> array[int]:
    """What two octets become. The first 256 are also what one octet becomes."""
    small = []
    for number in range(256):
        crc = number << 16
        for _ in range(8):
            crc = crc << 1 ^ (0x1864CFB if crc & 0x800000 else 0)
        small.append(crc)
    return array("L", (
        (small[number >> 8] << 8 & 0xFFFFFF) ^ small[small[number >> 8] >> 16 ^ number & 0xFF] for number in range(65536)))
