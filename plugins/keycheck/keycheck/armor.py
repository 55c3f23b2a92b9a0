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

_START = b"-----BEGIN "
_BEGIN = re.compile(r"-----BEGIN PGP ([A-Z0-9 ,/]{1,64})-----")
_CHECKSUM = re.compile(rb"^=([A-Za-z0-9+/]{4})[ \t\r]*$", re.MULTILINE)
_BLANKS = b" \t\r\n"
_MOST_HEADERS = 100
_LONGEST_LINE = 256
_LONGEST_KEY = 96


@dataclass(frozen=True, slots=True)
class Block:
    """One block. ``data`` is None and ``fault`` says why if it is no armor."""

    kind: str
    """For example ``PUBLIC KEY BLOCK``; empty if its first line is not one."""
    data: bytes | None
    checksum: int | None = None
    fault: str = ""


def blocks(text: bytes) -> Iterator[Block]:
    """All blocks of a text. What stands between them is no concern of anybody, but for further beginnings.

    Programs differ in what they take for the beginning of a block, and some read only the first: white space around the
    line is allowed here as Go's library allows it, and a beginning that was not read as one is a fault, wherever it is.
    """
    at = 0
    while (begin := text.find(_START, at)) >= 0:
        kind, first = _beginning(text, at, begin)
        if not kind:
            yield Block("", None, fault="expected: -----BEGIN PGP ...----- in a line of its own, got: something else with it")
            at = begin + len(_START)
            continue
        end = f"-----END PGP {kind}-----".encode()
        another = text.find(_START, first)
        ending = text.find(end, first, another if another >= 0 else len(text))
        if ending < 0:
            yield Block(kind, None, fault=f"expected: {end.decode()}, got: "
                                          + ("another -----BEGIN" if another >= 0 else "the end of the text"))
            # With the line end, which stands before the next line.
            at = first - 1
            continue
        yield _block(kind, text[first:ending])
        at = ending + len(end)


def _beginning(text: bytes, after: int, begin: int) -> tuple[str, int]:
    """The kind of the block, and where the line behind its first one begins; no kind: this is no such line."""
    start = text.rfind(b"\n", after, begin) + 1
    end = text.find(b"\n", begin, begin + _LONGEST_LINE)
    if end < 0:
        end = len(text)
    # What has no line end before it is in the line of what was read last, or is the first line.
    if (start == 0 and after > 0) or end - start > 2 * _LONGEST_LINE:
        return "", begin
    # The white space of Unicode, as in the library of Go; octets that are no UTF-8 become something else.
    line = text[start:end].decode("utf-8", "replace").strip()
    found = _BEGIN.fullmatch(line)
    return (found[1], min(end + 1, len(text))) if found else ("", begin)


def _block(kind: str, inner: bytes) -> Block:
    begin = _headers(inner)
    if begin < 0:
        return Block(kind, None, fault=f"expected: at most {_MOST_HEADERS} headers of the armor, with a key of at most"
                                       f" {_LONGEST_KEY} octets each, got: more")
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
    """Where the base64 begins: headers are keys and values with a colon, and end with a blank line.

    -1: there are too many, or one has its colon so late that a program which reads lines piece by piece takes its beginning
    for something else, such as the blank line.
    """
    at = 0
    for _ in range(_MOST_HEADERS + 1):
        end = inner.find(b"\n", at)
        if end < 0:
            return at
        line = inner[at:end].strip(_BLANKS)
        if line and b":" not in line:
            return at
        if line and inner.find(b":", at, at + _LONGEST_KEY) < 0:
            return -1
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
